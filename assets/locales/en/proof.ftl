# A proof: what is sent, what came of it.

proof-sends-tcp = Sending one TCP connection attempt from { $from } to { $to }, reset as soon as it stands, and tracing it in { $places } { $places ->
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

proof-starts-elsewhere = this cannot be proved from here: the packet does not begin on this host; name a container or a namespace of this host as the sender
proof-nothing-sent = this cannot be proved: nothing would be sent
proof-many-receivers = this cannot be proved: the packet goes to more than one receiver
proof-not-live = only a live host can prove a walk: leave out --from and --demo

proof-not-allowed = nothing was sent: the agent was started to read only
proof-no-agent = nothing was sent: there is no agent at work; choose one with --agent
proof-order = nothing was sent: { $detail }
proof-vanished = nothing was sent: the namespace that should send is not there any more
proof-closed = nothing was sent: the namespace that should send cannot be used: { $detail }; see docs/privilege.md for the agents that can prove
proof-send = nothing was sent: { $detail }
proof-busy = nothing was sent: too many proofs are under way
proof-no-answer = nothing is known of it: { $detail }

proof-heading = What the kernel did: { $answer }
proof-answered = the sender was answered
proof-refused = the sender was refused (TCP reset, or ICMP “port unreachable”)
proof-unreachable = the sender was told that there is no way: { $error }
proof-forbidden = a rule forbade the sender to send
proof-silence = the sender heard nothing

proof-agrees = The kernel did exactly as foretold.
proof-differs = The kernel did otherwise: { $where }
proof-differs-perhaps = It cannot be judged, but the kernel did otherwise: { $where }
proof-not-judged = It cannot be judged whether the kernel did as foretold.
proof-no-rule = no rule more
proof-not-seen = the packet was to come to { $place }, and was not seen there
proof-reply-not-seen = the answer was to come to { $place }, and was not seen there
proof-other-rule = in { $place } was to match: { $foretold }; what matched: { $observed }
proof-other-answer = foretold was: { $foretold }; but { $observed }

proof-notes = To be known:
proof-rules-changed = the rules in { $place } changed meanwhile
proof-legacy = { $place } has legacy iptables, whose rules the kernel does not trace: only arrival is seen there
proof-not-traced = { $place } could not be looked into: { $detail }
proof-truncated = the kernel had more to say of { $place } than was kept

column-foretold = FORETOLD
column-observed = OBSERVED
column-way = WAY
proof-there = there
proof-back = back
proof-rules-count = { $count ->
    [0] no rule
    [one] { $count } rule
   *[other] { $count } rules
}
proof-was-not-seen = not seen
