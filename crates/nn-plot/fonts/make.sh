#!/bin/sh
# Cuts DejaVu Sans (Debian package fonts-dejavu-core 2.37) down to the letters that figures use:
# Latin, Greek, super- and subscripts, arrows, mathematical operators. Needs fonttools (PyPI).
#   crates/nn-plot/fonts/make.sh /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
set -eu
here=$(dirname "$0")
pyftsubset "$1" --output-file="$here/DejaVuSans-figures.ttf" --layout-features='kern' --no-hinting \
    --unicodes='U+0020-007E,U+00A0-017F,U+0370-03FF,U+2010-2027,U+2030-205E,U+2070-209C,U+2100-214F,U+2190-21FF,U+2200-22FF,U+2713,U+2717'
