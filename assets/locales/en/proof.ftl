# A proof: what is sent, what came of it.

proof-sends-tcp = Sending one TCP connection attempt from { $from } to { $to }, reset as soon as it is established, and tracing it in { $places } { $places ->
    [one] namespace
   *[other] namespaces
}.
proof-sends-udp = Sending one UDP datagram (“bridgewalk proof”) from { $from } to { $to }, and tracing it in { $places } { $places ->
    [one] namespace
   *[other] namespaces
}.
proof-sends-icmp = Sending one ICMP echo request from { $from } to { $to }, and tracing it in { $places } { $places ->
    [one] namespace
   *[other] namespaces
}.

proof-starts-elsewhere = this cannot be proved from here: the packet does not start on this host; name a container or a namespace of this host as the sender
proof-nothing-sent = this cannot be proved: nothing would be sent
proof-many-receivers = this cannot be proved: the packet goes to more than one receiver
proof-not-live = only a live host can prove a walk: leave out --from and --demo
proof-one-host = a proof sends from one host, and several are open: name that host alone

proof-not-allowed = nothing was sent: the agent was started to read only
proof-no-agent = nothing was sent: no agent is running; choose one with --agent
proof-order = nothing was sent: { $detail }
proof-vanished = nothing was sent: the sending namespace no longer exists
proof-closed = nothing was sent: the sending namespace cannot be used: { $detail }; see docs/privilege.md for the agents that can prove
proof-send = nothing was sent: { $detail }
proof-busy = nothing was sent: too many proofs are running
proof-no-answer = no result: { $detail }

proof-heading = What the kernel did: { $answer }
proof-answered = the sender received an answer
proof-refused = the connection was refused (TCP reset, or ICMP “port unreachable”)
proof-unreachable = the destination was reported unreachable: { $error }
proof-forbidden = a rule forbade sending
proof-silence = the sender received no answer

proof-agrees = The kernel did exactly as predicted.
proof-differs = The kernel did not do as predicted: { $where }
proof-differs-perhaps = This cannot be judged, but the kernel did something else: { $where }
proof-not-judged = Whether the kernel did as predicted cannot be judged.
proof-no-rule = no further rule
proof-not-seen = the packet was expected in { $place }, but was not seen there
proof-reply-not-seen = the reply was expected in { $place }, but was not seen there
proof-other-rule = in { $place }, predicted: { $predicted }; observed: { $observed }
proof-other-answer = predicted: { $predicted }; observed: { $observed }

proof-notes = Note:
proof-rules-changed = the rules in { $place } changed meanwhile
proof-legacy = { $place } has legacy iptables, whose rules the kernel does not trace: only arrival is visible there
proof-not-traced = { $place } could not be traced: { $detail }
proof-truncated = the kernel reported more from { $place } than was kept

column-predicted = PREDICTED
column-observed = OBSERVED
column-way = DIRECTION
proof-there = there
proof-back = back
proof-rules-count = { $count ->
    [0] no rule
    [one] { $count } rule
   *[other] { $count } rules
}
proof-was-not-seen = not seen
