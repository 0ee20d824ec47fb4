# The command line.

cli-heading-usage = Usage:
cli-heading-commands = Commands
cli-heading-arguments = Arguments
cli-heading-options = Options
cli-heading-source = Where the facts come from (default: the live host)
cli-help-after = Without a command the window opens. Tables are for people, --json is for programs.

cli-about-veths = List veth pairs: which of the host's interfaces is which container's
cli-about-ports = List container ports: exposed or published, and the rules that publish them
cli-about-networks = List Docker networks and the devices that implement them
cli-about-namespaces = List network namespaces with their interfaces and addresses
cli-about-wires = List what lies between two things: veth pairs, ports, bridges and tunnels
cli-about-findings = List where Docker's intent and the kernel's state disagree
cli-about-walk = Follow a packet hop by hop, with the rule that decides, or why it does not arrive
cli-about-reach = List who reaches whom, and what is open to the outside
cli-about-doctor = Report what can be read here, what cannot and why, and what would help
cli-about-snapshot = Print everything that was observed, as JSON
cli-about-record = Record what happens into a file until Ctrl-C
cli-about-watch = Print changes as they happen, one per line
cli-about-export = Write the diagram into a file: SVG, PNG, PDF, PPTX, draw.io, Excalidraw, Mermaid or Graphviz
cli-about-man = Print the man page
cli-about-completions = Print shell completions

cli-help-host = Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts
cli-help-context = Context of the docker client to use; repeat it for more hosts
cli-help-agent = Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none
cli-help-from = Read a recording instead of the live host, or beside hosts that are named; repeat it for more
cli-help-demo = Read a bundled recording instead of the live host, chosen to match the view
cli-help-lang = Language of all texts: en or fr (default: that of the locale)
cli-help-json = Print JSON instead of a table; docs/json-schema.md describes it
cli-help-verbose = Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace
cli-help-help = Print this help
cli-help-version = Print the version
cli-help-record-output = File to write, - for standard output; it appears when the recording ends
cli-help-seconds = Stop after this many seconds
cli-help-without-labels = Leave out the labels of containers, networks and services, except Compose's and Swarm's own
cli-help-export-output = File to write, - for standard output; its extension chooses the format: .svg .png .pdf .pptx .drawio .excalidraw .mmd .dot
cli-help-sender = Sender: host, outside, a container, or an address
cli-help-receiver = Receiver: host, outside, a container, service or alias, or an address; the port after a colon
cli-help-protocol = Protocol: tcp, udp or icmp (default: tcp)
cli-help-source-port = The sender's port (default: 40000)
cli-help-prove = Send the packet and compare what the kernel does with the prediction (leaves nothing behind)
cli-help-one = Where to begin: host, outside, a container, an interface of the host, a network or an address
cli-help-other = Where to end: the same
cli-help-detail = Level of detail: concept, plumbing or everything (default: plumbing)
cli-help-theme = Colours: light, dark, projector or print (default: light)
cli-help-format = Format, if the file's extension does not choose it: svg, png, pdf, pptx, drawio, excalidraw, mmd or dot
cli-help-view = What to show: host, project, port-mapping, bridge, nat, dns, overlay, ingress, namespace, walk or plugins (default: host)
cli-help-walk = Number this packet's hops in the picture: FROM TO[:PORT]
cli-help-size = Outer size: 16:9, A4, or pixels such as 1920x1080 (default: natural size)
cli-help-select = Show only these containers, networks or projects, and what they are wired to
cli-help-scale = Pixels per unit of a PNG, such as 1, 2 or 4 (default: 2)
cli-help-transparent = No background (SVG and PNG)
cli-help-record-anonymise = Replace names, ids, addresses and MAC addresses consistently; leave out rules and resolver files
cli-help-anonymise = Replace names, addresses and MAC addresses consistently
cli-help-shell = Shell: bash, elvish, fish, powershell or zsh

cli-error-unknown-argument = unknown option `{ $argument }`; --help lists the options of this command
cli-error-log = invalid level `{ $value }` in BRIDGEWALK_LOG; use one of error, warn, info, debug, trace or off
cli-error-unknown-command = unknown command `{ $name }`; available: { $known }
cli-error-missing-argument = { $argument } is missing; --help says what is needed
cli-error-conflict = { $argument } and { $other } cannot be used together; leave one out
cli-error-no-value = { $argument } needs a value; --help says which
cli-error-value = invalid value `{ $value }` for { $argument }; --help lists what is valid
cli-error-value-known = invalid value `{ $value }` for { $argument }; use one of { $known }
cli-error-arguments = invalid arguments ({ $detail }); --help lists them
cli-error-output = the output cannot be written: { $detail }
cli-error-write = { $path } cannot be written: { $detail }; choose another place with -o
cli-error-terminal = this output is not for a terminal; give a file with -o, or a pipe
cli-error-ending = { $path } has no extension of a picture; use one of { $known }, or give --format
cli-error-option-format = { $argument } does not apply to .{ $format }; leave it out
cli-error-nothing-published = nothing is published here; choose a packet with --walk FROM TO:PORT
cli-error-published-not-read = published ports were not read; choose a packet with --walk FROM TO:PORT
cli-error-select = nothing is called `{ $name }`; `bridgewalk networks` and `bridgewalk ports` list what is there
cli-error-no-end = no container, service, alias or address `{ $name }` here; `bridgewalk namespaces` lists what there is
cli-error-no-end-read = `{ $name }` is unknown here, and the engine was not read; use an address, or give the right --host or --context
cli-error-cannot-send = `{ $name }` can only be a receiver; name the container that sends
cli-error-port = invalid port `{ $name }`; use a number from 1 to 65535
cli-error-signals = signals cannot be caught: { $detail }
cli-error-recording-live = only a live host can be recorded; leave out --from and --demo
cli-error-no-display = there is no display for the window; use `bridgewalk export -o network.svg` for a picture instead
cli-error-window = the window cannot be opened: { $detail }; use `bridgewalk export -o network.svg` for a picture instead

cli-demo-instead = No Docker engine can be reached ({ $detail }): this is a bundled recording. `bridgewalk doctor` says what would help.
cli-note = not seen: { $limit }
cli-note-count = not seen in { $count } places: { $limit }

cli-cannot-be-told = Unknown: not everything was read.
cli-not-all-read = Not everything was read:
cli-lack-count = { $limit } (in { $count } places)
cli-lack-more = { $count ->
    [one] one more: --json lists everything
   *[other] { $count } more: --json lists everything
}
cli-not-tried = not tried

cli-none-veths = No veth pairs.
cli-none-wires = No wire between the two is seen.
cli-none-ports = No container ports.
cli-none-networks = No networks.
cli-none-namespaces = No namespaces.
cli-none-findings = No findings: Docker's intent and the kernel's state agree.
cli-none-open = Nothing is open to the outside.

cli-walk-there = The packet: { $verdict }
cli-walk-reply = Its reply: { $verdict }
cli-walk-decided = { $ending }. { $because }
cli-walk-openings = What would let it through:
cli-walk-regardless = Unknown, but the result is the same either way:
cli-walk-unknown = Unknown, and the result depends on it:
cli-walk-branch = If this is so:

cli-reach-not = { $name } ({ $verdict })
cli-reach-reply-lost = { $name } (the reply: { $verdict })
cli-reach-published = published { $port }

cli-veths = { $count } veths

cli-recorded-early = The recording ended before everything had been read once: what is missing from it may exist
cli-recorded-until = { $because }; { $path } holds what was recorded until then
cli-recorded = { $path }: { $observations ->
    [one] one observation
   *[other] { $observations } observations
} in { $seconds } s

column-host = HOST
column-host-namespace = HOST NAMESPACE
column-host-interface = HOST INTERFACE
column-host-if-index = INDEX
column-bridge = BRIDGE
column-network = NETWORK
column-containers = CONTAINERS
column-container-interface = CONTAINER INTERFACE
column-container-if-index = INDEX
column-mac-address = MAC ADDRESS
column-addresses = ADDRESSES
column-name = NAME
column-driver = DRIVER
column-scope = SCOPE
column-subnets = SUBNETS
column-gateways = GATEWAYS
column-device = DEVICE
column-traits = PROPERTIES
column-kind = KIND
column-inode = INODE
column-pid = PID
column-interfaces = INTERFACES
column-container = CONTAINER
column-port = PORT
column-exposed = EXPOSED
column-published = PUBLISHED ON
column-reach = REACHED FROM
column-rules = RULES
column-proxy-pid = PROXY
column-agrees = AGREES
column-severity = SEVERITY
column-subject = ABOUT
column-finding = FINDING
column-source = SOURCE
column-runs = SEEN
column-why = WHY NOT
column-remedy = WHAT WOULD HELP
column-place = WHERE
column-happens = WHAT HAPPENS
column-sender = SOURCE
column-receiver = DESTINATION
column-because = BECAUSE
column-to = TO
column-by = BY
column-address = ADDRESS
column-reached-by = REACHED BY
column-not-reached-by = NOT REACHED BY
column-open = OPEN TO THE OUTSIDE
column-process = PROCESS
column-verdict = VERDICT

network-internal = internal
network-ipv6 = IPv6
network-attachable = attachable
network-ingress = ingress
