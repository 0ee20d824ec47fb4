# La fenêtre.
