# La ligne de commande.

cli-heading-usage = Usage :
cli-heading-commands = Commandes
cli-heading-arguments = Arguments
cli-heading-options = Options
cli-heading-source = Origine des données (par défaut : l’hôte en direct)
cli-help-after = Sans commande, la fenêtre s’ouvre. Les tableaux s’adressent aux personnes, --json aux programmes.

cli-about-veths = Lister les paires veth : quelle interface de l’hôte correspond à quel conteneur
cli-about-ports = Lister les ports des conteneurs : exposés ou publiés, et les règles qui les publient
cli-about-networks = Lister les réseaux Docker et les périphériques qui les réalisent
cli-about-namespaces = Lister les espaces de noms réseau avec leurs interfaces et adresses
cli-about-wires = Lister ce qui relie deux choses : paires veth, ports, ponts et tunnels
cli-about-findings = Lister les écarts entre l’intention de Docker et l’état du noyau
cli-about-walk = Suivre un paquet saut par saut, avec la règle qui décide, ou la raison pour laquelle il n’arrive pas
cli-about-reach = Lister qui joint qui, et ce qui est ouvert vers l’extérieur
cli-about-doctor = Indiquer ce qui peut être lu ici, ce qui ne peut pas l’être et pourquoi, et ce qui aiderait
cli-about-snapshot = Afficher tout ce qui a été observé, en JSON
cli-about-record = Enregistrer ce qui se passe dans un fichier jusqu’à Ctrl-C
cli-about-watch = Afficher les changements au fur et à mesure, un par ligne
cli-about-export = Écrire le schéma dans un fichier SVG, PNG, PDF, PPTX, draw.io, Excalidraw, Mermaid ou Graphviz
cli-about-man = Afficher la page de manuel
cli-about-completions = Afficher les complétions d’un interpréteur de commandes

cli-help-host = Moteur Docker à interroger, par exemple unix:///var/run/docker.sock ou ssh://user@machine ; à répéter, et à combiner avec --context et --from, pour plusieurs hôtes
cli-help-context = Contexte du client docker à utiliser ; à répéter pour plusieurs hôtes
cli-help-agent = Qui lit le noyau : auto, in-process, sudo, pkexec, container, container-base ou none
cli-help-from = Lire un enregistrement au lieu de l’hôte en direct, ou à côté d’hôtes nommés ; à répéter pour d’autres
cli-help-demo = Lire un enregistrement fourni au lieu de l’hôte en direct, choisi selon la vue
cli-help-lang = Langue de tous les textes : en ou fr (par défaut : celle de la locale)
cli-help-json = Afficher du JSON au lieu d’un tableau ; docs/json-schema.md le décrit
cli-help-verbose = Dire sur stderr ce que fait le programme ; BRIDGEWALK_LOG choisit le niveau : error, warn, info, debug ou trace
cli-help-help = Afficher cette aide
cli-help-version = Afficher la version
cli-help-record-output = Fichier à écrire, - pour la sortie standard ; il apparaît quand l’enregistrement se termine
cli-help-seconds = S’arrêter après ce nombre de secondes
cli-help-without-labels = Omettre les étiquettes des conteneurs, réseaux et services, sauf celles de Compose et de Swarm
cli-help-export-output = Fichier à écrire, - pour la sortie standard ; son extension détermine le format : .svg .png .pdf .pptx .drawio .excalidraw .mmd .dot
cli-help-sender = Émetteur : host, outside, un conteneur ou une adresse
cli-help-receiver = Destinataire : host, outside, un conteneur, service ou alias, ou une adresse ; le port après deux-points
cli-help-protocol = Protocole : tcp, udp ou icmp (par défaut : tcp)
cli-help-source-port = Port de l’émetteur (par défaut : 40000)
cli-help-prove = Envoyer le paquet et comparer ce que fait le noyau à la prédiction (ne laisse aucune trace)
cli-help-one = Où commencer : host, outside, un conteneur, une interface de l’hôte, un réseau ou une adresse
cli-help-other = Où finir : de même
cli-help-detail = Niveau de détail : concept, plumbing ou everything (par défaut : plumbing)
cli-help-theme = Couleurs : light, dark, projector ou print (par défaut : light)
cli-help-format = Format, si l’extension du fichier ne le détermine pas : svg, png, pdf, pptx, drawio, excalidraw, mmd ou dot
cli-help-view = Vue à montrer : host, project, port-mapping, bridge, nat, dns, overlay, ingress, namespace, walk ou plugins (par défaut : host)
cli-help-walk = Numéroter dans l’image les sauts de ce paquet : FROM TO[:PORT]
cli-help-size = Dimensions extérieures : 16:9, A4, ou des pixels, par exemple 1920x1080 (par défaut : taille naturelle)
cli-help-select = Ne montrer que ces conteneurs, réseaux ou projets, et ce à quoi ils sont reliés
cli-help-scale = Pixels par unité d’un PNG, par exemple 1, 2 ou 4 (par défaut : 2)
cli-help-transparent = Sans fond (SVG et PNG)
cli-help-record-anonymise = Remplacer de façon cohérente les noms, les identifiants, les adresses et les adresses MAC ; omettre les règles et les fichiers du résolveur
cli-help-anonymise = Remplacer de façon cohérente les noms, les adresses et les adresses MAC
cli-help-shell = Interpréteur de commandes : bash, elvish, fish, powershell ou zsh

cli-error-unknown-argument = option inconnue `{ $argument }` ; --help liste les options de cette commande
cli-error-log = niveau `{ $value }` invalide dans BRIDGEWALK_LOG ; utiliser error, warn, info, debug, trace ou off
cli-error-unknown-command = commande inconnue `{ $name }` ; commandes disponibles : { $known }
cli-error-missing-argument = il manque { $argument } ; --help indique ce qu’il faut
cli-error-conflict = { $argument } et { $other } ne peuvent pas être utilisés ensemble ; enlever l’un des deux
cli-error-no-value = { $argument } demande une valeur ; --help indique laquelle
cli-error-value = valeur incorrecte `{ $value }` pour { $argument } ; --help liste les valeurs possibles
cli-error-value-known = valeur incorrecte `{ $value }` pour { $argument } ; valeurs possibles : { $known }
cli-error-arguments = arguments incorrects ({ $detail }) ; --help les liste
cli-error-output = la sortie ne peut pas être écrite : { $detail }
cli-error-write = { $path } ne peut pas être écrit : { $detail } ; choisir un autre emplacement avec -o
cli-error-terminal = cette sortie n’est pas destinée à un terminal ; indiquer un fichier avec -o, ou un tube
cli-error-ending = { $path } n’a pas l’extension d’une image ; en utiliser une parmi { $known }, ou indiquer --format
cli-error-option-format = { $argument } ne s’applique pas à .{ $format } ; l’enlever
cli-error-nothing-published = rien n’est publié ici ; choisir un paquet avec --walk FROM TO:PORT
cli-error-published-not-read = les ports publiés n’ont pas été lus ; choisir un paquet avec --walk FROM TO:PORT
cli-error-select = rien ne s’appelle `{ $name }` ; `bridgewalk networks` et `bridgewalk ports` listent ce qui existe
cli-error-no-end = aucun conteneur, service, alias ni adresse `{ $name }` ici ; `bridgewalk namespaces` liste ce qui existe
cli-error-no-end-read = `{ $name }` est inconnu ici, et le moteur n’a pas été lu ; indiquer une adresse, ou la bonne valeur de --host ou --context
cli-error-cannot-send = `{ $name }` ne peut être que destinataire ; indiquer le conteneur émetteur
cli-error-port = port incorrect `{ $name }` ; indiquer un nombre de 1 à 65535
cli-error-signals = les signaux ne peuvent pas être interceptés : { $detail }
cli-error-recording-live = seul un hôte en direct peut être enregistré ; enlever --from et --demo
cli-error-no-display = aucun affichage n’est disponible pour la fenêtre ; `bridgewalk export -o network.svg` donne une image à la place
cli-error-window = la fenêtre ne peut pas s’ouvrir : { $detail } ; `bridgewalk export -o network.svg` donne une image à la place

cli-demo-instead = Aucun moteur Docker n’est joignable ({ $detail }) : voici un enregistrement fourni. `bridgewalk doctor` indique ce qui aiderait.
cli-note = non observé : { $limit }
cli-note-count = non observé à { $count } endroits : { $limit }

cli-cannot-be-told = Indéterminé : tout n’a pas été lu.
cli-not-all-read = Tout n’a pas été lu :
cli-lack-count = { $limit } (à { $count } endroits)
cli-lack-more = { $count ->
    [one] un de plus : --json les liste tous
   *[other] { $count } de plus : --json les liste tous
}
cli-not-tried = non essayé

cli-none-veths = Aucune paire veth.
cli-none-wires = On ne voit rien qui relie les deux.
cli-none-ports = Aucun port de conteneur.
cli-none-networks = Aucun réseau.
cli-none-namespaces = Aucun espace de noms.
cli-none-findings = Rien à signaler : l’intention de Docker et l’état du noyau concordent.
cli-none-open = Rien n’est ouvert vers l’extérieur.

cli-walk-there = Le paquet : { $verdict }
cli-walk-reply = Sa réponse : { $verdict }
cli-walk-decided = { $ending }. { $because }
cli-walk-openings = Ce qui le laisserait passer :
cli-walk-regardless = Inconnu, mais le résultat est le même dans tous les cas :
cli-walk-unknown = Inconnu, et le résultat en dépend :
cli-walk-branch = Dans ce cas :

cli-reach-not = { $name } ({ $verdict })
cli-reach-reply-lost = { $name } (la réponse : { $verdict })
cli-reach-published = publié { $port }

cli-veths = { $count } veths

cli-recorded-early = L’enregistrement s’est terminé avant que tout ait été lu une première fois : ce qui y manque existe peut-être
cli-recorded-until = { $because } ; { $path } contient ce qui a été enregistré jusque-là
cli-recorded = { $path } : { $observations ->
    [one] une observation
   *[other] { $observations } observations
} en { $seconds } s

column-host = HÔTE
column-host-namespace = ESPACE DE NOMS DE L’HÔTE
column-host-interface = INTERFACE DE L’HÔTE
column-host-if-index = INDEX
column-bridge = PONT
column-network = RÉSEAU
column-containers = CONTENEURS
column-container-interface = INTERFACE DU CONTENEUR
column-container-if-index = INDEX
column-mac-address = ADRESSE MAC
column-addresses = ADRESSES
column-name = NOM
column-driver = PILOTE
column-scope = PORTÉE
column-subnets = SOUS-RÉSEAUX
column-gateways = PASSERELLES
column-device = PÉRIPHÉRIQUE
column-traits = PROPRIÉTÉS
column-kind = TYPE
column-inode = INODE
column-pid = PID
column-interfaces = INTERFACES
column-container = CONTENEUR
column-port = PORT
column-exposed = EXPOSÉ
column-published = PUBLIÉ SUR
column-reach = JOIGNABLE DEPUIS
column-rules = RÈGLES
column-proxy-pid = PROXY
column-agrees = CONCORDANCE
column-severity = GRAVITÉ
column-subject = SUJET
column-finding = CONSTAT
column-source = SOURCE
column-runs = LU
column-why = RAISON
column-remedy = CE QUI AIDERAIT
column-place = OÙ
column-happens = ÉVÉNEMENT
column-sender = SOURCE
column-receiver = DESTINATION
column-because = RAISON
column-to = VERS
column-by = PAR
column-address = ADRESSE
column-reached-by = JOINT PAR
column-not-reached-by = NON JOINT PAR
column-open = OUVERT VERS L’EXTÉRIEUR
column-process = PROCESSUS
column-verdict = VERDICT

network-internal = interne
network-ipv6 = IPv6
network-attachable = attachable
network-ingress = ingress
