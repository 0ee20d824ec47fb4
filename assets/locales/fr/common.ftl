# Textes communs à la fenêtre et à la ligne de commande.

app-name = Bridgewalk
app-summary = Montre comment les réseaux de Docker sont câblés dans leur hôte
yes = oui
no = non
none = aucun
nothing = rien
unknown = inconnu
