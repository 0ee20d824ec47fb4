# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_bridgewalk_global_optspecs
    string join \n host= context= agent= from= demo lang= json verbose h/help V/version
end

function __fish_bridgewalk_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_bridgewalk_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_bridgewalk_using_subcommand
    set -l cmd (__fish_bridgewalk_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -s V -l version -d 'Print the version'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "veths" -d 'List veth pairs: which of the host\'s interfaces is which container\'s'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "ports" -d 'List container ports: exposed or published, and the rules that publish them'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "networks" -d 'List Docker networks and the devices that implement them'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "namespaces" -d 'List network namespaces with their interfaces and addresses'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "wires" -d 'List what lies between two things: veth pairs, ports, bridges and tunnels'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "findings" -d 'List where Docker\'s intent and the kernel\'s state disagree'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "walk" -d 'Follow a packet hop by hop, with the rule that decides, or why it does not arrive'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "reach" -d 'List who reaches whom, and what is open to the outside'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "doctor" -d 'Report what can be read here, what cannot and why, and what would help'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "snapshot" -d 'Print everything that was observed, as JSON'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "record" -d 'Record what happens into a file until Ctrl-C'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "watch" -d 'Print changes as they happen, one per line'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "export" -d 'Write the diagram into a file: SVG, PNG, PDF, PPTX, draw.io, Excalidraw, Mermaid or Graphviz'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "man" -d 'Print the man page'
complete -c bridgewalk -n "__fish_bridgewalk_needs_command" -f -a "completions" -d 'Print shell completions'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand veths" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand ports" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand networks" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand namespaces" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand wires" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand findings" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l protocol -d 'Protocol: tcp, udp or icmp (default: tcp)' -r -f -a "tcp\t'A connection\'s first packet'
udp\t'A datagram'
icmp\t'An echo request'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l source-port -d 'The sender\'s port (default: 40000)' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l prove -d 'Send the packet and compare what the kernel does with the prediction (leaves nothing behind)'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand walk" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand reach" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand doctor" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand snapshot" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -s o -l output -d 'File to write, - for standard output; it appears when the recording ends' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l seconds -d 'Stop after this many seconds' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l without-labels -d 'Leave out the labels of containers, networks and services, except Compose\'s and Swarm\'s own'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l anonymise -l anonymize -d 'Replace names, ids, addresses and MAC addresses consistently; leave out rules and resolver files'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand record" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand watch" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -s o -l output -d 'File to write, - for standard output; its extension chooses the format: .svg .png .pdf .pptx .drawio .excalidraw .mmd .dot' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l format -d 'Format, if the file\'s extension does not choose it: svg, png, pdf, pptx, drawio, excalidraw, mmd or dot' -r -f -a "svg\t'Vectors for the web'
png\t'Pixels'
pdf\t'A page'
pptx\t'A slide'
drawio\t'diagrams.net'
excalidraw\t'Excalidraw'
mmd\t'Mermaid'
dot\t'Graphviz'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l view -d 'What to show: host, project, port-mapping, bridge, nat, dns, overlay, ingress, namespace, walk or plugins (default: host)' -r -f -a "host\t'Everything'
project\t'One Compose project'
port-mapping\t'Published ports'
bridge\t'Bridges, ports, cables, addresses'
nat\t'The way out'
dns\t'Names, name servers, address pools'
overlay\t'Overlays and their tunnels'
ingress\t'The Swarm\'s ingress'
namespace\t'Inside one namespace'
walk\t'A packet\'s numbered hops'
plugins\t'macvlan, ipvlan, remote drivers'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l walk -d 'Number this packet\'s hops in the picture: FROM TO[:PORT]' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l detail -d 'Level of detail: concept, plumbing or everything (default: plumbing)' -r -f -a "concept\t'Networks and containers'
plumbing\t'Bridges, veths, NAT'
everything\t'Addresses, MAC addresses, ifindexes, forwarding tables, rules'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l theme -d 'Colours: light, dark, projector or print (default: light)' -r -f -a "light\t'Dark on light'
dark\t'Light on dark'
projector\t'Strong contrast and strong lines'
print\t'Black on white'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l size -d 'Outer size: 16:9, A4, or pixels such as 1920x1080 (default: natural size)' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l select -d 'Show only these containers, networks or projects, and what they are wired to' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l scale -d 'Pixels per unit of a PNG, such as 1, 2 or 4 (default: 2)' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l transparent -d 'No background (SVG and PNG)'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l anonymise -l anonymize -d 'Replace names, addresses and MAC addresses consistently'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand export" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand man" -s h -l help -d 'Print this help'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -l host -d 'Docker engine to ask, such as unix:///var/run/docker.sock or ssh://user@machine; repeat it, and mix it with --context and --from, for several hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -l context -d 'Context of the docker client to use; repeat it for more hosts' -r
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -l agent -d 'Who reads the kernel: auto, in-process, sudo, pkexec, container, container-base or none' -r -f -a "auto\t'This process, and the window asks for more where that is not enough'
in-process\t'This process'
sudo\t'A child of sudo'
pkexec\t'A child of pkexec'
container\t'A helper container that may see all that root sees'
container-base\t'A helper container that may read the host\'s rules and no more'
none\t'Nobody'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -l from -d 'Read a recording instead of the live host, or beside hosts that are named; repeat it for more' -r -F
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -l lang -d 'Language of all texts: en or fr (default: that of the locale)' -r -f -a "en\t'English'
fr\t'French'"
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -l demo -d 'Read a bundled recording instead of the live host, chosen to match the view'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -l json -d 'Print JSON instead of a table; docs/json-schema.md describes it'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -l verbose -d 'Say on stderr what the program does; BRIDGEWALK_LOG chooses the level: error, warn, info, debug or trace'
complete -c bridgewalk -n "__fish_bridgewalk_using_subcommand completions" -s h -l help -d 'Print this help'
