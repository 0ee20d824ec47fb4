# Une preuve : ce qui est envoyé, ce qui en est advenu.

proof-sends-tcp = Envoi d’une seule tentative de connexion TCP de { $from } vers { $to }, interrompue dès qu’elle est établie, et suivie dans { $places } { $places ->
    [one] espace de noms
   *[other] espaces de noms
}.
proof-sends-udp = Envoi d’un seul datagramme UDP (« bridgewalk proof ») de { $from } vers { $to }, suivi dans { $places } { $places ->
    [one] espace de noms
   *[other] espaces de noms
}.
proof-sends-icmp = Envoi d’une seule demande d’écho ICMP de { $from } vers { $to }, suivie dans { $places } { $places ->
    [one] espace de noms
   *[other] espaces de noms
}.

proof-starts-elsewhere = cela ne peut pas être prouvé d’ici : le paquet ne part pas de cet hôte ; nommez comme expéditeur un conteneur ou un espace de noms de cet hôte
proof-nothing-sent = cela ne peut pas être prouvé : rien ne serait envoyé
proof-many-receivers = cela ne peut pas être prouvé : le paquet va à plus d’un destinataire
proof-not-live = seul un hôte en direct peut prouver un trajet : n’utilisez ni --from ni --demo

proof-not-allowed = rien n’a été envoyé : l’agent n’a le droit que de lire
proof-no-agent = rien n’a été envoyé : aucun agent n’est à l’œuvre ; choisissez-en un avec --agent
proof-order = rien n’a été envoyé : { $detail }
proof-vanished = rien n’a été envoyé : l’espace de noms qui devait envoyer n’existe plus
proof-closed = rien n’a été envoyé : l’espace de noms qui devait envoyer est inutilisable : { $detail } ; docs/privilege.md dit quels agents peuvent prouver
proof-send = rien n’a été envoyé : { $detail }
proof-busy = rien n’a été envoyé : trop de preuves sont en cours
proof-no-answer = on n’en sait rien : { $detail }

proof-heading = Ce qu’a fait le noyau : { $answer }
proof-answered = l’expéditeur a reçu une réponse
proof-refused = l’expéditeur a été refusé (reset TCP, ou ICMP « port unreachable »)
proof-unreachable = l’expéditeur a appris qu’il n’y a pas de chemin : { $error }
proof-forbidden = une règle a interdit l’envoi à l’expéditeur
proof-silence = l’expéditeur n’a rien reçu

proof-agrees = Le noyau a fait exactement ce qui était prédit.
proof-differs = Le noyau a fait autre chose : { $where }
proof-differs-perhaps = On ne peut pas en juger, mais le noyau a fait autre chose : { $where }
proof-not-judged = On ne peut pas juger si le noyau a fait ce qui était prédit.
proof-no-rule = aucune autre règle
proof-not-seen = le paquet devait passer par { $place }, et n’y a pas été vu
proof-reply-not-seen = la réponse devait passer par { $place }, et n’y a pas été vue
proof-other-rule = dans { $place } devait s’appliquer : { $foretold } ; s’est appliquée : { $observed }
proof-other-answer = prédit : { $foretold } ; mais { $observed }

proof-notes = À savoir :
proof-rules-changed = les règles de { $place } ont changé entre-temps
proof-legacy = { $place } a des tables iptables legacy, dont le noyau ne trace pas les règles : seule l’arrivée y est vue
proof-not-traced = { $place } n’a pas pu être observé : { $detail }
proof-truncated = le noyau avait plus à dire de { $place } que ce qui a été gardé

column-foretold = PRÉDIT
column-observed = OBSERVÉ
column-way = SENS
proof-there = aller
proof-back = retour
proof-rules-count = { $count ->
    [0] aucune règle
    [one] { $count } règle
   *[other] { $count } règles
}
proof-was-not-seen = pas vu
