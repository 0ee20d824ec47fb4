# Ce qu'est le réseau d'un hôte : sortes, états, et ce qui ne se voit pas.

source-engine = moteur Docker
source-namespaces = espaces de noms réseau
source-links = interfaces, adresses, routes
source-fdb = tables de commutation des ponts
source-nf-tables = règles nftables
source-legacy-tables = anciennes règles iptables
source-sockets = sockets
source-processes = processus
source-name-files = fichiers du résolveur
source-sysctls = sysctls
source-ipvs = IPVS
source-kernel-events = événements du noyau
source-engine-events = événements du moteur
source-agent = agent

recording-none = { $path } n'est pas un enregistrement de Bridgewalk ; donnez un autre fichier avec --from
recording-newer = { $path } a été fait par { $program } au format { $found }, et ce programme lit jusqu'au format { $known } ; mettez Bridgewalk à jour
recording-damaged = { $path } est abîmé à la ligne { $line } : { $detail } ; enregistrez-le de nouveau, ou donnez un autre fichier
recording-too-large = { $path } est trop grand à la ligne { $line } : plus de { $bytes } octets ; donnez un autre fichier
recording-unreadable = { $path } ne peut pas être lu : { $detail } ; donnez un autre fichier avec --from
recording-cut-off = { $path } finit trop tôt : son enregistreur a été tué, ce qu'il avait écrit est montré

collector-thread = le fil du collecteur ne peut pas être lancé : { $detail }
endpoint-no-context = il n'y a pas de contexte Docker `{ $name }` ; `docker context ls` les donne
endpoint-damaged = { $path } est abîmé ({ $detail }) ; réparez-le, ou refaites-le avec le client docker
endpoint-unreadable = { $path } ne peut pas être lu : { $detail }
endpoint-address = `{ $address }` n'est pas l'adresse d'un moteur ({ $detail }) ; utilisez unix:///chemin, tcp://hôte:port ou ssh://utilisateur@hôte
engine-no-socket = aucun moteur n'écoute à { $path }, ce socket n'existe pas ; démarrez Docker, ou donnez --host ou --context
engine-permission = { $path } ne peut pas être ouvert, permission refusée ; rejoignez le groupe docker
engine-unreachable = le moteur à { $address } est injoignable ({ $detail }) ; démarrez Docker, ou donnez --host ou --context
engine-timeout = le moteur à { $address } n'a pas répondu à { $request } en { $seconds } s
engine-tls = la connexion à { $address } ne peut pas être sécurisée ({ $detail }) ; vérifiez ses certificats
engine-refused = le moteur refuse { $request } : { $message } (statut { $status })
engine-too-long = la réponse du moteur à { $request } dépasse { $bytes } octets
engine-undecodable = la réponse du moteur à { $request } n'est pas comprise : { $detail }
engine-too-old = le moteur à { $address } parle l'API { $version }, antérieure à 1.41 ; il faut Docker 20.10 ou plus récent
agent-not-asked = aucun agent n'a été demandé
agent-no-engine = le moteur est injoignable, un conteneur d'aide ne peut donc pas être lancé
agent-elsewhere = le moteur à { $address } tourne sur une autre machine ; seul un conteneur d'aide peut lire son noyau
agent-no-program = le programme bridgewalk-agent est introuvable (cherché : { $path }) ; donnez son chemin dans BRIDGEWALK_AGENT
agent-not-static = { $path } n'est pas un programme statique ; construisez l'agent avec -C target-feature=+crt-static
agent-start = { $program } ne peut pas être lancé : { $detail }
agent-helper = le conteneur d'aide ne peut pas être lancé : { $detail }
agent-ended = l'agent s'est terminé
agent-ended-detail = l'agent s'est terminé : { $detail }
agent-timeout = l'agent n'a pas répondu en { $seconds } s
agent-protocol = l'agent n'est pas compris : { $detail }

limit-privilege = pas le droit : il manque { $missing }
limit-not-in-kernel = le noyau ne sait pas le faire
limit-unreachable = injoignable : { $detail }
limit-vanished = disparu pendant la lecture
limit-undecoded = non décodé : { $detail }
limit-truncated = tronqué : { $detail }
limit-stale = { $path } n'est plus un espace de noms
limit-resynchronised = des événements ont été perdus, tout a été relu : { $detail }
limit-not-asked = non demandé
limit-line = { $source } : { $reason }
limit-line-remedy = { $source } : { $reason }. { $remedy }

remedy-start-agent = Lancez un agent qui en a le droit : --agent sudo, pkexec ou container
remedy-join-docker-group = Rejoignez le groupe docker
remedy-reach-engine = Démarrez le moteur, ou donnez le bon --host ou --context
remedy-grant-capability = Accordez cette capacité à l'agent
remedy-none = Rien à faire ici

container-created = créé
container-running = en marche
container-paused = en pause
container-restarting = redémarre
container-removing = en cours de suppression
container-exited = arrêté
container-dead = mort

namespace-host = hôte
namespace-container = conteneur
namespace-overlay = réseau overlay
namespace-ingress = ingress de Swarm
namespace-load-balancer = répartiteur de charge
namespace-named = nommé
namespace-process = processus
namespace-unknown = inconnu

nat-destination = NAT de destination
nat-masquerade = masquerade
nat-source = NAT de source
nat-redirect = redirection
nat-proxy = docker-proxy

link-loopback = boucle locale
link-physical = carte réseau
link-veth = veth, un bout de câble
link-bridge = pont, un commutateur
link-vxlan = VXLAN { $vni }
link-macvlan = macvlan, mode { $mode }
link-ipvlan = ipvlan, mode { $mode }
link-vlan = VLAN { $id }
link-dummy = dummy
link-tun = tun ou tap

oper-unknown = inconnu
oper-not-present = il manque un élément
oper-down = inactif
oper-lower-layer-down = la couche du dessous est inactive
oper-testing = en test
oper-dormant = en sommeil
oper-up = actif

neighbour-none = rien de connu
neighbour-incomplete = demande en cours
neighbour-reachable = joignable
neighbour-stale = ancien
neighbour-delay = attend avant de redemander
neighbour-probe = redemandé
neighbour-failed = personne n'a répondu
neighbour-no-arp = sans résolution
neighbour-permanent = permanent

via-netlink = dans l'espace de noms, par netlink
via-proc = de l'extérieur, par /proc
via-host-side = depuis le seul bout de l'hôte

subject-host = hôte
subject-engine = moteur
subject-container = conteneur
subject-network = réseau
subject-namespace = espace de noms
subject-interface = interface
subject-address = adresse
subject-route = route
subject-neighbour = voisin
subject-fdb = entrée de commutation
subject-rule = règle
subject-socket = socket
subject-nat = traduction
subject-limit = non vu
subject-sysctl = sysctl

change-added = + { $subject } { $name }
change-removed = - { $subject } { $name }
change-changed = ~ { $subject } { $name } : { $field } { $before } → { $after }

# Noms des faits, par la clé dont se servent les changements et l'inspecteur.
fact-name = nom
fact-id = id
fact-kind = sorte
fact-state = état
fact-image = image
fact-pid = PID
fact-command = commande
fact-hostname = nom d'hôte
fact-namespace = espace de noms
fact-inode = inode
fact-nsid = nsid
fact-driver = pilote
fact-scope = portée
fact-subnet = sous-réseau
fact-gateway = passerelle
fact-bridge = pont
fact-master = maître
fact-peer = autre bout
fact-parent = parent
fact-network = réseau
fact-mtu = MTU
fact-mac-address = adresse MAC
fact-address = adresse
fact-if-index = ifindex
fact-oper-state = état
fact-is-up = activée
fact-has-carrier = porteuse
