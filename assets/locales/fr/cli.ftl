# La ligne de commande.

cli-heading-usage = Usage :
cli-heading-commands = Commandes
cli-heading-arguments = Arguments
cli-heading-options = Options
cli-heading-source = D'où viennent les faits (par défaut : l'hôte en direct)
cli-help-after = Sans commande, la fenêtre s'ouvre. Les tableaux sont pour les gens, --json pour les programmes.

cli-about-veths = Lister les paires veth : quelle interface de l'hôte est celle de quel conteneur
cli-about-ports = Lister les ports des conteneurs : exposés, publiés, et les règles qui le font
cli-about-networks = Lister les réseaux de Docker et les périphériques qui les réalisent
cli-about-namespaces = Lister les espaces de noms réseau avec leurs interfaces et adresses
cli-about-findings = Lister ce en quoi l'intention de Docker et l'état du noyau diffèrent
cli-about-walk = Suivre un paquet de saut en saut, avec la règle qui décide, ou pourquoi il n'arrive pas
cli-about-reach = Lister qui joint qui, et ce qui est ouvert vers l'extérieur
cli-about-doctor = Dire ce qui se voit ici, ce qui ne se voit pas et pourquoi, et ce qui aiderait
cli-about-snapshot = Afficher tout ce qui a été vu, en JSON
cli-about-record = Enregistrer ce qui se passe dans un fichier, jusqu'à Ctrl-C
cli-about-watch = Afficher les changements à mesure, une ligne chacun
cli-about-export = Écrire le schéma dans un fichier SVG, PNG, PDF, PPTX, draw.io, Excalidraw, Mermaid ou Graphviz
cli-about-man = Afficher la page de manuel
cli-about-completions = Afficher les complétions d'un shell

cli-help-host = Moteur Docker à interroger, comme unix:///var/run/docker.sock ou ssh://user@machine
cli-help-context = Contexte du client docker à utiliser
cli-help-agent = Qui lit le noyau : auto, in-process, sudo, pkexec, container, container-base ou none
cli-help-from = Lire un enregistrement au lieu de l'hôte en direct ; à répéter pour plusieurs hôtes
cli-help-demo = Lire un enregistrement fourni au lieu de l'hôte en direct : celui qui montre ce qui est demandé
cli-help-lang = Langue de tous les textes : en ou fr (par défaut : celle de la locale)
cli-help-json = Afficher du JSON au lieu d'un tableau ; docs/json-schema.md le décrit
cli-help-help = Afficher cette aide
cli-help-version = Afficher la version
cli-help-record-output = Fichier à écrire, - pour la sortie standard ; il apparaît quand l'enregistrement se termine
cli-help-seconds = Terminer après tant de secondes
cli-help-without-labels = Omettre les étiquettes des conteneurs, réseaux et services, sauf celles de Compose et de Swarm
cli-help-export-output = Fichier à écrire, - pour la sortie standard ; sa fin est son format : .svg .png .pdf .pptx .drawio .excalidraw .mmd .dot
cli-help-sender = Qui envoie : host, outside, un conteneur ou une adresse
cli-help-receiver = À qui : host, outside, un conteneur, service ou alias, ou une adresse ; le port après deux-points
cli-help-protocol = Ce qui est envoyé : tcp, udp ou icmp (par défaut : tcp)
cli-help-source-port = Port de l'émetteur (par défaut : 40000)
cli-help-prove = Envoyer le paquet, et voir si le noyau en fait ce qui est prédit (rien de ce qui change ne reste)
cli-help-detail = Combien montrer : concept, plumbing ou everything (par défaut : plumbing)
cli-help-theme = Couleurs : light, dark, projector ou print (par défaut : light)
cli-help-format = Format, si la fin du fichier ne le dit pas : svg, png, pdf, pptx, drawio, excalidraw, mmd ou dot
cli-help-view = Ce qu'il faut montrer : host, project, port-mapping, bridge, nat, dns, overlay, ingress, namespace, walk ou plugins (par défaut : host)
cli-help-walk = Numéroter sur l'image les étapes de ce paquet : FROM TO[:PORT]
cli-help-size = Mesure extérieure : 16:9, A4, ou des pixels comme 1920x1080 (par défaut : celle du schéma)
cli-help-select = Montrer seulement ces conteneurs, réseaux ou projets, et ce à quoi ils sont reliés
cli-help-scale = Pixels par unité d'un PNG, comme 1, 2 ou 4 (par défaut : 2)
cli-help-transparent = Omettre le fond, d'un SVG ou d'un PNG
cli-help-record-anonymise = Remplacer les noms, les identifiants, les adresses et les adresses MAC, les mêmes par les mêmes ; omettre les règles et les fichiers de noms
cli-help-anonymise = Remplacer les noms, les adresses et les adresses MAC, les mêmes par les mêmes
cli-help-shell = Shell : bash, elvish, fish, powershell ou zsh

cli-error-unknown-argument = `{ $argument }` n'est pas une option de cette commande ; --help les donne
cli-error-unknown-command = `{ $name }` n'est pas une commande ; il y a { $known }
cli-error-missing-argument = il manque { $argument } ; --help dit ce qu'il faut
cli-error-conflict = { $argument } et { $other } ne vont pas ensemble ; enlevez-en un
cli-error-no-value = { $argument } demande une valeur ; --help dit laquelle
cli-error-value = `{ $value }` n'est pas une valeur de { $argument } ; --help dit ce qui l'est
cli-error-value-known = `{ $value }` n'est pas une valeur de { $argument } ; au choix : { $known }
cli-error-arguments = les arguments ne sont pas compris ({ $detail }) ; --help les donne
cli-error-output = la sortie ne peut pas être écrite : { $detail }
cli-error-write = { $path } ne peut pas être écrit : { $detail } ; choisissez un autre endroit avec -o
cli-error-terminal = ceci n'est pas pour un terminal ; donnez un fichier avec -o, ou un tube
cli-error-ending = { $path } n'a pas la fin d'une image ; terminez-le par { $known }, ou donnez --format
cli-error-option-format = { $argument } ne va pas avec .{ $format } ; enlevez-le
cli-error-nothing-published = rien n'est publié ici ; dites quel paquet avec --walk FROM TO:PORT
cli-error-published-not-read = les ports publiés n'ont pas été lus ; dites quel paquet avec --walk FROM TO:PORT
cli-error-select = rien ne s'appelle `{ $name }` ; `bridgewalk networks` et `bridgewalk ports` disent ce qu'il y a
cli-error-no-end = « { $name } » n'est ici ni conteneur, ni service, ni alias, ni adresse ; `bridgewalk namespaces` liste ce qu'il y a
cli-error-no-end-read = « { $name } » est inconnu ici, et le moteur n'a pas été lu ; donnez une adresse, ou le bon --host ou --context
cli-error-cannot-send = « { $name } » n'est qu'un nom de destinataire ; nommez le conteneur qui envoie
cli-error-port = « { $name } » n'est pas un port ; donnez un nombre de 1 à 65535
cli-error-signals = les signaux ne peuvent pas être reçus : { $detail }
cli-error-recording-live = seul un hôte en direct s'enregistre ; enlevez --from et --demo
cli-error-no-display = il n'y a pas d'écran pour la fenêtre ; `bridgewalk export -o network.svg` donne une image à la place
cli-error-window = la fenêtre ne peut pas s'ouvrir : { $detail } ; `bridgewalk export -o network.svg` donne une image à la place

cli-demo-instead = Aucun moteur Docker n'est joignable ({ $detail }) : voici un enregistrement fourni. `bridgewalk doctor` dit ce qui aiderait.
cli-note = non vu : { $limit }
cli-note-count = non vu à { $count } endroits : { $limit }

cli-cannot-be-told = Indéterminé : tout n'a pas été lu.
cli-not-all-read = Tout n'a pas été lu :
cli-lack-count = { $limit } (à { $count } endroits)
cli-lack-more = { $count ->
    [one] un de plus : --json les liste tous
   *[other] { $count } de plus : --json les liste tous
}
cli-not-tried = non essayé

cli-none-veths = Aucune paire veth.
cli-none-ports = Aucun port de conteneur.
cli-none-networks = Aucun réseau.
cli-none-namespaces = Aucun espace de noms.
cli-none-findings = Rien à signaler : l'intention de Docker et l'état du noyau concordent.
cli-none-open = Rien n'est ouvert vers l'extérieur.

cli-walk-there = Le paquet : { $verdict }
cli-walk-reply = Sa réponse : { $verdict }
cli-walk-decided = { $ending }. { $because }
cli-walk-openings = Ce qui le laisserait passer :
cli-walk-regardless = Inconnu, et décidé malgré cela :
cli-walk-unknown = Inconnu, et cela fait la différence :
cli-walk-branch = S'il en est ainsi :

cli-reach-not = { $name } ({ $verdict })
cli-reach-reply-lost = { $name } (la réponse : { $verdict })
cli-reach-published = publié { $port }

cli-veths = { $count } veths

cli-recorded-early = L'enregistrement s'est terminé avant que tout ait été lu une fois : ce qui y manque existe peut-être
cli-recorded-until = { $because } ; { $path } contient ce qui a été enregistré jusque-là
cli-recorded = { $path } : { $observations ->
    [one] une observation
   *[other] { $observations } observations
} en { $seconds } s

column-host = HÔTE
column-host-namespace = ESPACE DE NOMS DE L'HÔTE
column-host-interface = INTERFACE DE L'HÔTE
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
column-kind = SORTE
column-inode = INODE
column-pid = PID
column-interfaces = INTERFACES
column-container = CONTENEUR
column-port = PORT
column-exposed = EXPOSÉ
column-published = PUBLIÉ SUR
column-reach = ATTEINT DEPUIS
column-rules = RÈGLES
column-proxy-pid = PROXY
column-agrees = CONCORDE
column-severity = GRAVITÉ
column-subject = SUJET
column-finding = CONSTAT
column-source = SOURCE
column-runs = VU
column-why = POURQUOI NON
column-remedy = CE QUI AIDERAIT
column-place = OÙ
column-happens = CE QUI ARRIVE
column-sender = ÉMETTEUR
column-receiver = DESTINATAIRE
column-because = PARCE QUE
column-to = VERS
column-by = PAR
column-address = ADRESSE
column-reached-by = JOINT PAR
column-not-reached-by = NON JOINT PAR
column-open = OUVERT VERS L'EXTÉRIEUR
column-process = PROCESSUS
column-verdict = VERDICT

network-internal = interne
network-ipv6 = IPv6
network-attachable = rattachable
network-ingress = ingress
