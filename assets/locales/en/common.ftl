# Texts that window and command line share.

app-name = Bridgewalk
app-summary = Shows how Docker's networks are wired into their host
yes = yes
no = no
none = none
nothing = nothing
unknown = not known
