# Written by scripts/generate.py from the program's own options; do not edit.
_edgeagent() {
    local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
    local path="" word offer="" files=""
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$path $word" in
            " run") path=" run" ;;
            " setup") path=" setup" ;;
            " enroll") path=" enroll" ;;
            " check") path=" check" ;;
            " config") path=" config" ;;
            " config diff") path=" config diff" ;;
            " status") path=" status" ;;
            " discover") path=" discover" ;;
            " camera") path=" camera" ;;
            " terminal") path=" terminal" ;;
            " outbox") path=" outbox" ;;
            " outbox show") path=" outbox show" ;;
            " outbox export") path=" outbox export" ;;
            " outbox verify") path=" outbox verify" ;;
            " outbox replay") path=" outbox replay" ;;
            " rules") path=" rules" ;;
            " rules presets") path=" rules presets" ;;
            " rules show") path=" rules show" ;;
            " rules try") path=" rules try" ;;
            " support-bundle") path=" support-bundle" ;;
            " sample") path=" sample" ;;
            " version") path=" version" ;;
        esac
    done
    case "$path:$before" in
        " run:--config") files=yes ;;
        " run:--language") offer="zh en" ;;
        " run:--log-format") offer="auto plain journal json" ;;
        " setup:--config") files=yes ;;
        " setup:--language") offer="zh en" ;;
        " setup:--answers") files=yes ;;
        " setup:--interface") offer="" ;;
        " enroll:--config") files=yes ;;
        " enroll:--language") offer="zh en" ;;
        " enroll:--token-file") files=yes ;;
        " enroll:--hub") offer="" ;;
        " enroll:--token") offer="" ;;
        " enroll:--box") offer="" ;;
        " check:--config") files=yes ;;
        " check:--language") offer="zh en" ;;
        " check:--only") offer="config permissions package agent clock disk flash memory certificate dns tcp tls hub backlog data devices addresses serial" ;;
        " check:--user") offer="" ;;
        " config diff:--config") files=yes ;;
        " config diff:--language") offer="zh en" ;;
        " status:--config") files=yes ;;
        " status:--language") offer="zh en" ;;
        " status:--port") offer="" ;;
        " discover:--config") files=yes ;;
        " discover:--language") offer="zh en" ;;
        " discover:--interface") offer="" ;;
        " discover:--range") offer="" ;;
        " discover:--port") offer="" ;;
        " discover:--user") offer="" ;;
        " discover:--password-file") files=yes ;;
        " discover:--login") offer="" ;;
        " discover:--write") files=yes ;;
        " discover:--timeout") offer="" ;;
        " camera:--config") files=yes ;;
        " camera:--language") offer="zh en" ;;
        " camera:--seconds") offer="" ;;
        " camera:--picture") files=yes ;;
        " camera:--snapshot") files=yes ;;
        " terminal:--config") files=yes ;;
        " terminal:--language") offer="zh en" ;;
        " terminal:--seconds") offer="" ;;
        " terminal:--name") offer="" ;;
        " terminal:--grid") offer="" ;;
        " outbox show:--config") files=yes ;;
        " outbox show:--language") offer="zh en" ;;
        " outbox export:--config") files=yes ;;
        " outbox export:--language") offer="zh en" ;;
        " outbox export:--lane") offer="urgent alarm record reading media" ;;
        " outbox export:--stream") offer="" ;;
        " outbox export:--since") offer="" ;;
        " outbox verify:--config") files=yes ;;
        " outbox verify:--language") offer="zh en" ;;
        " outbox replay:--config") files=yes ;;
        " outbox replay:--language") offer="zh en" ;;
        " outbox replay:--lane") offer="urgent alarm record reading media" ;;
        " outbox replay:--stream") offer="" ;;
        " outbox replay:--since") offer="" ;;
        " outbox replay:--from") offer="" ;;
        " outbox replay:--to") offer="" ;;
        " rules presets:--config") files=yes ;;
        " rules presets:--language") offer="zh en" ;;
        " rules show:--config") files=yes ;;
        " rules show:--language") offer="zh en" ;;
        " rules try:--config") files=yes ;;
        " rules try:--language") offer="zh en" ;;
        " rules try:--since") offer="" ;;
        " support-bundle:--config") files=yes ;;
        " support-bundle:--language") offer="zh en" ;;
        " support-bundle:--out") files=yes ;;
        " support-bundle:--log") files=yes ;;
        " sample:--config") files=yes ;;
        " sample:--language") offer="zh en" ;;
        " sample:--driver") offer="" ;;
        " version:--config") files=yes ;;
        " version:--language") offer="zh en" ;;
        *) case "$path" in
            "") offer="run setup enroll check config status discover camera terminal outbox rules support-bundle sample version -h --help" ;;
            " run") offer="-h --help --config --language --log-format" ;;
            " setup") offer="-h --help --config --language --answers --dry-run --interface" ;;
            " enroll") offer="-h --help --config --language --token-file --hub --token --box --move --renew" ;;
            " check") offer="-h --help --config --language --only --offline --user --json" ;;
            " config") offer="diff -h --help" ;;
            " config diff") offer="-h --help --config --language --json" ;;
            " status") offer="-h --help --config --language --json --port" ;;
            " discover") offer="-h --help --config --language --interface --range --port --user --password-file --login --write --timeout --json" ;;
            " camera") offer="-h --help --config --language --seconds --picture --picture-reset --snapshot --json" ;;
            " terminal") offer="-h --help --config --language --test --hash --ports --seconds --name --grid --json" ;;
            " outbox") offer="show export verify replay -h --help" ;;
            " outbox show") offer="-h --help --config --language --json" ;;
            " outbox export") offer="-h --help --config --language --lane --stream --since --unsent" ;;
            " outbox verify") offer="-h --help --config --language --json" ;;
            " outbox replay") offer="-h --help --config --language --json --lane --stream --since --from --to" ;;
            " rules") offer="presets show try -h --help" ;;
            " rules presets") offer="-h --help --config --language --json" ;;
            " rules show") offer="-h --help --config --language --json" ;;
            " rules try") offer="-h --help --config --language --json --outbox --since"; files=yes ;;
            " support-bundle") offer="-h --help --config --language --out --log --offline" ;;
            " sample") offer="-h --help --config --language --driver --minimal" ;;
            " version") offer="-h --help --config --language" ;;
        esac ;;
    esac
    COMPREPLY=($(compgen -W "$offer" -- "$current"))
    [ -n "$files" ] && COMPREPLY+=($(compgen -f -- "$current"))
    return 0
}
complete -o filenames -F _edgeagent edgeagent
