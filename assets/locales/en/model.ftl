# What a host's network is: kinds, states, and what cannot be seen.

source-engine = Docker engine
source-namespaces = network namespaces
source-links = interfaces, addresses, routes
source-fdb = bridge forwarding tables
source-nf-tables = nftables rules
source-legacy-tables = legacy iptables rules
source-sockets = sockets
source-processes = processes
source-name-files = resolver files
source-sysctls = sysctls
source-ipvs = IPVS
source-kernel-events = kernel events
source-engine-events = engine events
source-agent = agent

recording-none = { $path } is no Bridgewalk recording; give another file with --from
recording-newer = { $path } was made by { $program } in format { $found }, and this program reads up to format { $known }; update Bridgewalk
recording-damaged = { $path } is damaged at line { $line }: { $detail }; record it again, or give another file
recording-too-large = { $path } is too large at line { $line }: more than { $bytes } bytes; give another file
recording-unreadable = { $path } cannot be read: { $detail }; give another file with --from
recording-cut-off = { $path } ends early: its recorder was killed, what it had written is shown

collector-thread = the collector's thread cannot be started: { $detail }
endpoint-no-context = there is no Docker context `{ $name }`; `docker context ls` lists them
endpoint-damaged = { $path } is damaged ({ $detail }); repair it, or make it anew with the docker client
endpoint-unreadable = { $path } cannot be read: { $detail }
endpoint-address = `{ $address }` is no address of an engine ({ $detail }); use unix:///path, tcp://host:port or ssh://user@host
engine-no-socket = no engine listens at { $path }, there is no such socket; start Docker, or give --host or --context
engine-permission = { $path } may not be opened, permission denied; join the group docker
engine-unreachable = the engine at { $address } cannot be reached ({ $detail }); start Docker, or give --host or --context
engine-timeout = the engine at { $address } did not answer { $request } within { $seconds } s
engine-tls = the connection to { $address } cannot be secured ({ $detail }); check its certificates
engine-refused = the engine refuses { $request }: { $message } (status { $status })
engine-too-long = the engine's answer to { $request } is longer than { $bytes } bytes
engine-undecodable = the engine's answer to { $request } cannot be understood: { $detail }
engine-too-old = the engine at { $address } speaks API { $version }, older than 1.41; Docker 20.10 or newer is needed
agent-not-asked = no agent was asked for
agent-no-engine = the engine cannot be reached, so no helper container can be started
agent-elsewhere = the engine at { $address } runs on another machine; only a helper container can read its kernel
agent-no-program = the program bridgewalk-agent was not found (looked for { $path }); set BRIDGEWALK_AGENT to its path
agent-not-static = { $path } is not a static program; build the agent with -C target-feature=+crt-static
agent-start = { $program } cannot be started: { $detail }
agent-helper = the helper container cannot be started: { $detail }
agent-ended = the agent has ended
agent-ended-detail = the agent has ended: { $detail }
agent-timeout = the agent did not answer within { $seconds } s
agent-protocol = the agent is not understood: { $detail }

limit-privilege = no permission: { $missing } is missing
limit-not-in-kernel = the kernel has no such facility
limit-unreachable = cannot be reached: { $detail }
limit-vanished = gone while it was read
limit-undecoded = not decoded: { $detail }
limit-truncated = cut short: { $detail }
limit-stale = { $path } is no namespace any more
limit-resynchronised = events were lost, everything was read again: { $detail }
limit-not-asked = not asked for
limit-line = { $source }: { $reason }
limit-line-remedy = { $source }: { $reason }. { $remedy }

remedy-start-agent = Start an agent that may: --agent sudo, pkexec or container
remedy-join-docker-group = Join the docker group
remedy-reach-engine = Start the engine, or give the right --host or --context
remedy-grant-capability = Grant the agent this capability
remedy-none = Nothing can be done here

container-created = created
container-running = running
container-paused = paused
container-restarting = restarting
container-removing = being removed
container-exited = stopped
container-dead = dead

namespace-host = host
namespace-container = container
namespace-overlay = overlay network
namespace-ingress = Swarm ingress
namespace-load-balancer = load balancer
namespace-named = named
namespace-process = process
namespace-unknown = unknown

nat-destination = destination NAT
nat-masquerade = masquerade
nat-source = source NAT
nat-redirect = redirect
nat-proxy = docker-proxy

link-loopback = loopback
link-physical = network card
link-veth = veth, one end of a cable
link-bridge = bridge, a switch
link-vxlan = VXLAN { $vni }
link-macvlan = macvlan, mode { $mode }
link-ipvlan = ipvlan, mode { $mode }
link-vlan = VLAN { $id }
link-dummy = dummy
link-tun = tun or tap

oper-unknown = unknown
oper-not-present = a part is missing
oper-down = down
oper-lower-layer-down = the layer below is down
oper-testing = testing
oper-dormant = dormant
oper-up = up

neighbour-none = nothing known
neighbour-incomplete = being asked for
neighbour-reachable = reachable
neighbour-stale = stale
neighbour-delay = waiting before asking again
neighbour-probe = asked again
neighbour-failed = nobody answered
neighbour-no-arp = needs no resolution
neighbour-permanent = permanent

via-netlink = inside the namespace, over netlink
via-proc = from outside, through /proc
via-host-side = from the host's end alone

subject-host = host
subject-engine = engine
subject-container = container
subject-network = network
subject-namespace = namespace
subject-interface = interface
subject-address = address
subject-route = route
subject-neighbour = neighbour
subject-fdb = forwarding entry
subject-rule = rule
subject-socket = socket
subject-nat = translation
subject-limit = not seen
subject-sysctl = sysctl

change-added = + { $subject } { $name }
change-removed = - { $subject } { $name }
change-changed = ~ { $subject } { $name }: { $field } { $before } → { $after }

# Names of facts, by the key that a change's field and the inspector use.
fact-name = name
fact-id = id
fact-kind = kind
fact-state = state
fact-image = image
fact-pid = PID
fact-command = command
fact-hostname = host name
fact-namespace = namespace
fact-inode = inode
fact-nsid = nsid
fact-driver = driver
fact-scope = scope
fact-subnet = subnet
fact-gateway = gateway
fact-bridge = bridge
fact-master = master
fact-peer = other end
fact-parent = parent
fact-network = network
fact-mtu = MTU
fact-mac-address = MAC address
fact-address = address
fact-if-index = ifindex
fact-oper-state = state
fact-is-up = set up
fact-has-carrier = carrier
