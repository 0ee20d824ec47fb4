#compdef bridgewalk

autoload -U is-at-least

_bridgewalk() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
'-V[Print the version]' \
'--version[Print the version]' \
":: :_bridgewalk_commands" \
"*::: :->bridgewalk" \
&& ret=0
    case $state in
    (bridgewalk)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:bridgewalk-command-$line[1]:"
        case $line[1] in
            (veths)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(ports)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(networks)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(namespaces)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(wires)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
':one -- Where to begin\: host, outside, a container, an interface of the host, a network or an address:_default' \
':other -- Where to end\: the same:_default' \
&& ret=0
;;
(findings)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(walk)
_arguments "${_arguments_options[@]}" : \
'--protocol=[Protocol\: tcp, udp or icmp (default\: tcp)]:PROTOCOL:((tcp\:"A connection'\''s first packet"
udp\:"A datagram"
icmp\:"An echo request"))' \
'--source-port=[The sender'\''s port (default\: 40000)]:N:_default' \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'(--from --demo)--prove[Send the packet and compare what the kernel does with the prediction (leaves nothing behind)]' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
':sender -- Sender\: host, outside, a container, or an address:_default' \
':receiver -- Receiver\: host, outside, a container, service or alias, or an address; the port after a colon:_default' \
&& ret=0
;;
(reach)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(snapshot)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(record)
_arguments "${_arguments_options[@]}" : \
'-o+[File to write, - for standard output; it appears when the recording ends]:FILE.bwrec:_files' \
'--output=[File to write, - for standard output; it appears when the recording ends]:FILE.bwrec:_files' \
'--seconds=[Stop after this many seconds]:N:_default' \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--without-labels[Leave out the labels of containers, networks and services, except Compose'\''s and Swarm'\''s own]' \
'--anonymise[Replace names, ids, addresses and MAC addresses consistently; leave out rules and resolver files]' \
'--anonymize[Replace names, ids, addresses and MAC addresses consistently; leave out rules and resolver files]' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(watch)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(export)
_arguments "${_arguments_options[@]}" : \
'-o+[File to write, - for standard output; its extension chooses the format\: .svg .png .pdf .pptx .drawio .excalidraw .mmd .dot]:FILE:_files' \
'--output=[File to write, - for standard output; its extension chooses the format\: .svg .png .pdf .pptx .drawio .excalidraw .mmd .dot]:FILE:_files' \
'--format=[Format, if the file'\''s extension does not choose it\: svg, png, pdf, pptx, drawio, excalidraw, mmd or dot]:FORMAT:((svg\:"Vectors for the web"
png\:"Pixels"
pdf\:"A page"
pptx\:"A slide"
drawio\:"diagrams.net"
excalidraw\:"Excalidraw"
mmd\:"Mermaid"
dot\:"Graphviz"))' \
'--view=[What to show\: host, project, port-mapping, bridge, nat, dns, overlay, ingress, namespace, walk or plugins (default\: host)]:VIEW:((host\:"Everything"
project\:"One Compose project"
port-mapping\:"Published ports"
bridge\:"Bridges, ports, cables, addresses"
nat\:"The way out"
dns\:"Names, name servers, address pools"
overlay\:"Overlays and their tunnels"
ingress\:"The Swarm'\''s ingress"
namespace\:"Inside one namespace"
walk\:"A packet'\''s numbered hops"
plugins\:"macvlan, ipvlan, remote drivers"))' \
'(--anonymise)*--walk=[Number this packet'\''s hops in the picture\: FROM TO\[\:PORT\]]:FROM:_default:FROM:_default' \
'--detail=[Level of detail\: concept, plumbing or everything (default\: plumbing)]:LEVEL:((concept\:"Networks and containers"
plumbing\:"Bridges, veths, NAT"
everything\:"Addresses, MAC addresses, ifindexes, forwarding tables, rules"))' \
'--theme=[Colours\: light, dark, projector or print (default\: light)]:THEME:((light\:"Dark on light"
dark\:"Light on dark"
projector\:"Strong contrast and strong lines"
print\:"Black on white"))' \
'--size=[Outer size\: 16\:9, A4, or pixels such as 1920x1080 (default\: natural size)]:SIZE:_default' \
'*--select=[Show only these containers, networks or projects, and what they are wired to]:NAME:_default' \
'--scale=[Pixels per unit of a PNG, such as 1, 2 or 4 (default\: 2)]:N:_default' \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--transparent[No background (SVG and PNG)]' \
'--anonymise[Replace names, addresses and MAC addresses consistently]' \
'--anonymize[Replace names, addresses and MAC addresses consistently]' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'(--demo)*--host=[Docker engine to ask, such as unix\:///var/run/docker.sock or ssh\://user@machine; repeat it, and mix it with --context and --from, for several hosts]:URL:_default' \
'(--demo)*--context=[Context of the docker client to use; repeat it for more hosts]:NAME:_default' \
'(--demo)--agent=[Who reads the kernel\: auto, in-process, sudo, pkexec, container, container-base or none]:WHO:((auto\:"This process, and the window asks for more where that is not enough"
in-process\:"This process"
sudo\:"A child of sudo"
pkexec\:"A child of pkexec"
container\:"A helper container that may see all that root sees"
container-base\:"A helper container that may read the host'\''s rules and no more"
none\:"Nobody"))' \
'(--demo)*--from=[Read a recording instead of the live host, or beside hosts that are named; repeat it for more]:FILE.bwrec:_files' \
'--lang=[Language of all texts\: en or fr (default\: that of the locale)]:LANGUAGE:((en\:"English"
fr\:"French"))' \
'--demo[Read a bundled recording instead of the live host, chosen to match the view]' \
'--json[Print JSON instead of a table; docs/json-schema.md describes it]' \
'--verbose[Say on stderr what the program does; BRIDGEWALK_LOG chooses the level\: error, warn, info, debug or trace]' \
'-h[Print this help]' \
'--help[Print this help]' \
':shell -- Shell\: bash, elvish, fish, powershell or zsh:(bash elvish fish powershell zsh)' \
&& ret=0
;;
        esac
    ;;
esac
}

(( $+functions[_bridgewalk_commands] )) ||
_bridgewalk_commands() {
    local commands; commands=(
'veths:List veth pairs\: which of the host'\''s interfaces is which container'\''s' \
'ports:List container ports\: exposed or published, and the rules that publish them' \
'networks:List Docker networks and the devices that implement them' \
'namespaces:List network namespaces with their interfaces and addresses' \
'wires:List what lies between two things\: veth pairs, ports, bridges and tunnels' \
'findings:List where Docker'\''s intent and the kernel'\''s state disagree' \
'walk:Follow a packet hop by hop, with the rule that decides, or why it does not arrive' \
'reach:List who reaches whom, and what is open to the outside' \
'doctor:Report what can be read here, what cannot and why, and what would help' \
'snapshot:Print everything that was observed, as JSON' \
'record:Record what happens into a file until Ctrl-C' \
'watch:Print changes as they happen, one per line' \
'export:Write the diagram into a file\: SVG, PNG, PDF, PPTX, draw.io, Excalidraw, Mermaid or Graphviz' \
'man:Print the man page' \
'completions:Print shell completions' \
    )
    _describe -t commands 'bridgewalk commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__completions_commands] )) ||
_bridgewalk__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk completions commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__doctor_commands] )) ||
_bridgewalk__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk doctor commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__export_commands] )) ||
_bridgewalk__subcmd__export_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk export commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__findings_commands] )) ||
_bridgewalk__subcmd__findings_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk findings commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__man_commands] )) ||
_bridgewalk__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk man commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__namespaces_commands] )) ||
_bridgewalk__subcmd__namespaces_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk namespaces commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__networks_commands] )) ||
_bridgewalk__subcmd__networks_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk networks commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__ports_commands] )) ||
_bridgewalk__subcmd__ports_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk ports commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__reach_commands] )) ||
_bridgewalk__subcmd__reach_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk reach commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__record_commands] )) ||
_bridgewalk__subcmd__record_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk record commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__snapshot_commands] )) ||
_bridgewalk__subcmd__snapshot_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk snapshot commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__veths_commands] )) ||
_bridgewalk__subcmd__veths_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk veths commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__walk_commands] )) ||
_bridgewalk__subcmd__walk_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk walk commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__watch_commands] )) ||
_bridgewalk__subcmd__watch_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk watch commands' commands "$@"
}
(( $+functions[_bridgewalk__subcmd__wires_commands] )) ||
_bridgewalk__subcmd__wires_commands() {
    local commands; commands=()
    _describe -t commands 'bridgewalk wires commands' commands "$@"
}

if [ "$funcstack[1]" = "_bridgewalk" ]; then
    _bridgewalk "$@"
else
    compdef _bridgewalk bridgewalk
fi
