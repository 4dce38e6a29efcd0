#!/bin/sh
# Starts an agent where nothing of ours is installed: sh FOLDER/agent CODE
# Needs a POSIX sh, coreutils, tar and gzip. Unpacks the bundle beside it once into $PENSTOCK_AGENT_HOME.
# VALUES

fail() {
    printf 'penstock agent: %s\n' "$1" >&2
    exit 2
}

[ $# -ge 1 ] || fail "say which run it is to join: sh $0 CODE"
case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
found_system=$(uname -s)
found_machine=$(uname -m)
[ "$found_system-$found_machine" = "$SYSTEM-$MACHINE" ] ||
    fail "this machine is $found_system $found_machine, and the bundle is for $SYSTEM $MACHINE: install Penstock here, and start \`penstock agent CODE\`"

home=${PENSTOCK_AGENT_HOME:-}
if [ -z "$home" ]; then
    [ -n "${XDG_CACHE_HOME:-}${HOME:-}" ] || fail "neither HOME nor PENSTOCK_AGENT_HOME is set: name a folder that it may write to by the latter"
    home=${XDG_CACHE_HOME:-$HOME/.cache}/penstock/agents
fi
mkdir -p "$home/bundles" || fail "can't write to $home: name another folder by PENSTOCK_AGENT_HOME"
target=$home/bundles/${BUNDLE%.tar.gz}
part=$target.$$.part
lock=$target.lock

# Whoever unpacks shows it by a file that changes each second: one that was killed holds up the others for some seconds.
take_turns() {
    silent=0 last=
    until mkdir "$lock" 2>/dev/null; do
        [ -d "$lock" ] || fail "can't write to $home: name another folder by PENSTOCK_AGENT_HOME"
        [ -f "$target/whole" ] && return 1
        now=$(cat "$lock/beat" 2>/dev/null)
        if [ "$now" = "$last" ]; then silent=$((silent + 1)); else silent=0; fi
        last=$now
        if [ $silent -ge 10 ]; then rm -rf "$lock"; fi
        sleep 1
    done
    (
        beats=0
        while kill -0 $$ 2>/dev/null && [ -d "$lock" ]; do
            beats=$((beats + 1))
            echo "$$ $beats" 2>/dev/null >"$lock/beat"
            sleep 1
        done
    ) </dev/null >/dev/null 2>&1 &
}

unpack() {
    archive=$here/bundles/$BUNDLE
    trap 'rm -rf "$part" "$lock"' EXIT
    trap 'exit 143' HUP INT TERM
    [ -f "$archive" ] || fail "$archive is gone: start a run again, which puts it there"
    sum=$(sha256sum "$archive") || fail "can't read $archive"
    [ "${sum%% *}" = "$SHA256" ] || fail "$archive is damaged, or not copied to its end: remove it, and start a run again"
    mkdir -p "$part" && gzip -dc "$archive" | tar -xf - -C "$part" && [ -f "$part/$PROGRAM" ] ||
        fail "can't unpack the bundle into $home (see above): free some space there, or name another folder by PENSTOCK_AGENT_HOME"
    [ -f "$target/whole" ] || { rm -rf "$target" && mv "$part" "$target"; } || fail "can't write to $home"
    said=$(LD_LIBRARY_PATH="$target/$LIBRARIES" "$target/$PROGRAM" -I -S -c '' 2>&1) || refuse "$said"
    : >"$target/whole" || fail "can't write to $home"
    rm -rf "$part" "$lock"
    trap - EXIT HUP INT TERM
}

refuse() {
    printf '%s\n' "$1" >&2
    case $1 in
    *GLIBC_*) why="its C library is older than $LIBC" ;;
    *ermission\ denied*) why="$home is on a file system that lets no program run (noexec): name another folder by PENSTOCK_AGENT_HOME" ;;
    *ot\ found*) why="it has another C library than $LIBC" ;;
    *) why="see above" ;;
    esac
    fail "the bundle's Python does not start here: $why"
}

if ! [ -f "$target/whole" ]; then
    if take_turns; then unpack; fi
fi
if [ -d "$target/$LIBRARIES" ]; then
    PENSTOCK_AGENT_LIBRARIES=$target/$LIBRARIES
    export PENSTOCK_AGENT_LIBRARIES
    LD_LIBRARY_PATH=$PENSTOCK_AGENT_LIBRARIES${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export LD_LIBRARY_PATH
fi
exec "$target/$PROGRAM" -I -m penstock.agent "$@"
