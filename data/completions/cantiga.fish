# Completion for fish, one file under the name of each program. What can be typed is asked of the program itself.

function __cantiga_options --argument-names program
    command $program --help 2>/dev/null | string replace -rf '^  (?:-[a-zA-Z?], )?(--[a-z0-9-]+)(?:=\S+)? +(.*)$' '$1\t$2'
end

function __cantigactl_commands
    command cantigactl --help 2>/dev/null | string replace -rf '^  ([a-z]+)(?: .*)?$' '$1'
end

# Behind a command, what it can be told: "  cards [list | add CERTIFICATE… | …]".
function __cantigactl_words
    set -l commands (__cantigactl_commands)
    for word in (commandline -opc)[2..]
        if contains -- $word $commands
            command cantigactl --help 2>/dev/null | string replace -rf "^  $word \[(.*?)\].*" '$1' | string split '|' | string replace -rf '^ *([a-z][a-z-]*).*' '$1'
            return
        end
    end
    printf '%s\n' $commands
end

for program in cantiga cantiga-play cantiga-server cantigactl
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -f -a "(__cantiga_options $program)"
end
complete -c cantigactl -n 'not string match -q -- "-*" (commandline -ct)' -a '(__cantigactl_words)'
