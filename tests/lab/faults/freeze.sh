# shellcheck shell=bash
#: freeze SERVER               stops every process of it, connections stay open and silent
#: thaw SERVER                 lets them run again

frozen() { [ "$(docker inspect -f '{{.State.Paused}}' "$(container_of "$1")")" = true ]; }
fault_freeze() { frozen "$1" || docker pause "$(container_of "$1")" >/dev/null; }
fault_thaw() { ! frozen "$1" || docker unpause "$(container_of "$1")" >/dev/null; }
