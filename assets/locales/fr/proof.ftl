# Une preuve : ce qui est envoyé, ce qui en est advenu.

proof-sends-tcp = Envoi d’une seule tentative de connexion TCP de { $from } vers { $to }, interrompue dès qu’elle est établie, et suivie dans { $places } { $places ->
    [one] espace de noms
   *[other] espaces de noms
}.
proof-sends-udp = Envoi d’un seul datagramme UDP (« bridgewalk proof ») de { $from } vers { $to }, suivi dans { $places } { $places ->
    [one] espace de noms
   *[other] espaces de noms
}.
proof-sends-icmp = Envoi d’une seule demande d’écho ICMP de { $from } vers { $to }, suivie dans { $places } { $places ->
    [one] espace de noms
   *[other] espaces de noms
}.

proof-starts-elsewhere = la preuve est impossible d’ici : le paquet ne part pas de cet hôte ; indiquer comme émetteur un conteneur ou un espace de noms de cet hôte
proof-nothing-sent = la preuve est impossible : rien ne serait envoyé
proof-many-receivers = la preuve est impossible : le paquet va à plus d’un destinataire
proof-not-live = seul un hôte en direct permet de prouver un trajet : n’utiliser ni --from ni --demo
proof-one-host = une preuve envoie depuis un seul hôte, et plusieurs sont ouverts : ne nommer que lui

proof-not-allowed = rien n’a été envoyé : l’agent n’a été lancé que pour lire
proof-no-agent = rien n’a été envoyé : aucun agent n’est en cours d’exécution ; en choisir un avec --agent
proof-order = rien n’a été envoyé : { $detail }
proof-vanished = rien n’a été envoyé : l’espace de noms émetteur n’existe plus
proof-closed = rien n’a été envoyé : l’espace de noms émetteur est inutilisable : { $detail } ; docs/privilege.md indique quels agents permettent une preuve
proof-send = rien n’a été envoyé : { $detail }
proof-busy = rien n’a été envoyé : trop de preuves sont en cours
proof-no-answer = aucun résultat : { $detail }

proof-heading = Ce qu’a fait le noyau : { $answer }
proof-answered = l’émetteur a reçu une réponse
proof-refused = la connexion a été refusée (reset TCP, ou ICMP « port unreachable »)
proof-unreachable = la destination a été signalée injoignable : { $error }
proof-forbidden = une règle a interdit l’envoi
proof-silence = l’émetteur n’a reçu aucune réponse

proof-agrees = Le noyau a fait exactement ce qui était prédit.
proof-differs = Le noyau n’a pas fait ce qui était prédit : { $where }
proof-differs-perhaps = On ne peut pas en juger, mais le noyau a fait autre chose : { $where }
proof-not-judged = On ne peut pas juger si le noyau a fait ce qui était prédit.
proof-no-rule = aucune autre règle
proof-not-seen = le paquet était attendu dans { $place }, mais n’y a pas été observé
proof-reply-not-seen = la réponse était attendue dans { $place }, mais n’y a pas été observée
proof-other-rule = dans { $place }, prédit : { $predicted } ; observé : { $observed }
proof-other-answer = prédit : { $predicted } ; observé : { $observed }

proof-notes = À savoir :
proof-rules-changed = les règles de { $place } ont changé entre-temps
proof-legacy = { $place } a des tables iptables legacy, dont le noyau ne trace pas les règles : seule l’arrivée y est visible
proof-not-traced = { $place } n’a pas pu être tracé : { $detail }
proof-truncated = le noyau a rapporté plus de choses de { $place } que ce qui a été conservé

column-predicted = PRÉDIT
column-observed = OBSERVÉ
column-way = SENS
proof-there = aller
proof-back = retour
proof-rules-count = { $count ->
    [0] aucune règle
    [one] { $count } règle
   *[other] { $count } règles
}
proof-was-not-seen = non observé
