#compdef cantiga cantiga-play cantiga-server cantigactl
# Completion for zsh, one file under the name of each program. What can be typed is asked of the program itself.

_cantigactl_words ()
{
  local help word command
  local -a known
  help=$(_call_program help cantigactl --help 2>/dev/null)
  known=(${(f)"$(sed -n 's/^  \([a-z]\+\)\( .*\)\?$/\1/p' <<<$help)"})
  for word in ${words[2,CURRENT-1]}; do
    if (( ${known[(Ie)$word]} )); then
      command=$word
      break
    fi
  done
  if [[ -z $command ]]; then
    compadd -- $known
  else
    compadd -- ${(f)"$(sed -n "s/^  $command \[\(.*\)/\1/p" <<<$help | sed 's/\].*//' | tr '|' '\n' | sed -n 's/^ *\([a-z][a-z-]*\).*/\1/p')"}
    _files
  fi
}

if [[ $service == cantigactl && $PREFIX != -* ]]; then
  _cantigactl_words
else
  _gnu_generic
fi
