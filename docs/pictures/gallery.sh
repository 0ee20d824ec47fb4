#!/bin/sh
# Makes the gallery's pictures from the bundled recordings: docs/pictures/gallery.sh [PROGRAM [FOLDER]]
set -eu
program=${1:-target/release/bridgewalk}
folder=${2:-$(dirname "$0")/gallery}
mkdir -p "$folder"
for language in en fr; do
  picture() {
    view=$1
    shift
    "$program" --demo --lang "$language" export --view "$view" --scale 1.5 --output "$folder/$view-$language.png" "$@"
  }
  for view in port-mapping bridge nat dns overlay ingress walk plugins host project; do picture "$view"; done
  picture namespace --select shop-api-1
done
