# Completion for bash, one file under the name of each program. What can be typed is asked of the program itself.

_cantiga ()
{
  local program=${COMP_WORDS[0]} word=$2 before=$3 help words
  COMPREPLY=()
  help=$("$program" --help 2>/dev/null) || return
  # An option that takes something ("--state=FOLDER"): a file or a folder will do as a guess.
  if [[ $before == --* ]] && grep -q -e "^  $before=" <<<"$help"; then
    COMPREPLY=($(compgen -f -- "$word"))
    compopt -o filenames
    return
  fi
  if [[ $word == -* ]]; then
    words=$(sed -n 's/^  \(-[a-zA-Z?], \)\?\(--[a-z0-9-]*\).*/\2/p' <<<"$help")
  elif [[ ${program##*/} == cantigactl ]]; then
    words=$(_cantigactl_words "$help")
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ ${#COMPREPLY[@]} -eq 0 && $word != -* ]]; then
    COMPREPLY=($(compgen -f -- "$word"))
    compopt -o filenames
  fi
}

# The commands, or behind one what it can be told: "  cards [list | add CERTIFICATE… | …]".
_cantigactl_words ()
{
  local word command='' skip=''
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then
      skip=''
    elif [[ $word == --* ]]; then
      grep -q -e "^  $word=" <<<"$1" && skip=yes
    elif [[ -z $command ]]; then
      command=$word
    fi
  done
  if [[ -z $command ]]; then
    sed -n 's/^  \([a-z]\+\)\( .*\)\?$/\1/p' <<<"$1"
  else
    sed -n "s/^  $command \[\(.*\)/\1/p" <<<"$1" | sed 's/\].*//' | tr '|' '\n' | sed -n 's/^ *\([a-z][a-z-]*\).*/\1/p'
  fi
}

complete -F _cantiga cantiga cantiga-play cantiga-server cantigactl
