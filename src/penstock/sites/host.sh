# What places agents on a host, and looks after them: a shell there reads it whole, and then the calls that follow it.
# It needs POSIX's programs alone, and setsid or perl. A folder for each agent, by its name:
#   pid      its process and that process's birth, the shell that waits for it and leads its session, and its birth
#   status   with what it ended; not there: it runs, or was killed with the shell that waits for it
#   end      it is to go: for the shell that has not started it yet
#   words    what it printed
#   private  what only its owner may read
# Where a host has slots, the file slot.N holds the name of the agent that has it.
LC_ALL=C
export LC_ALL
umask 077

# A process's birth: its number alone may be another's tomorrow. Nothing where it is dead.
birth='birth() {
  if [ -r /proc/self/stat ]; then
    read -r all 2>/dev/null <"/proc/$1/stat" || return 0
    set -- ${all##*) }
    [ "$1" = Z ] || echo "${20}.$(cat /proc/sys/kernel/random/boot_id)"
  else
    case $(ps -o state= -p "$1") in "" | Z*) ;; *) ps -o lstart= -p "$1" | tr " " . ;; esac
  fi
}'
eval "$birth"

# Runs an agent, and tells how it ended. With the agent all that it left behind ends: they are one process group.
waiter='
"$@" </dev/null &
pid=$!
born=$(birth $pid)
echo "$pid ${born:--} $$ $(birth $$)" >pid.new && mv pid.new pid
trap : TERM
[ ! -e end ] || kill -TERM $pid
wait $pid
status=$?
while kill -0 $pid 2>/dev/null; do wait $pid; status=$?; done
echo $status >status.new && mv status.new status
kill -9 0
'

apart() {
  if command -v setsid >/dev/null; then exec setsid "$@"; fi
  exec perl -e 'use POSIX; POSIX::setsid(); exec @ARGV or die $!' "$@"
}

enter() {
  PENSTOCK_AGENT_HOME=${1:-${PENSTOCK_AGENT_HOME:-${HOME}/.cache/penstock/agents}}
  export PENSTOCK_AGENT_HOME
  placed=$PENSTOCK_AGENT_HOME/placed
  mkdir -p "$placed" && cd "$placed" || exit 1
}

# It runs also while the shell that waits for it is about to write down how it ended.
alive() {
  read -r pid born session began 2>/dev/null <"$1/pid" || return 1
  [ "$(birth "$pid")" = "$born" ] || [ "$(birth "$session")" = "$began" ]
}

# Folders of agents that ended a week ago have nobody to ask for them.
sweep() {
  find "$placed" -mindepth 1 -maxdepth 1 -type d -mtime +7 | while read -r old; do
    alive "$old" || rm -rf "$old"
  done
}

gone() { # name: whether its agent, which had a slot, has none any more
  [ ! -d "$1" ] || [ -f "$1/status" ] || { [ -f "$1/pid" ] && ! alive "$1"; }
}

# The first free slot is an agent's, whose name stands in a file. No two make one file.
take() { # slots, name
  slot=0
  while [ "$slot" -lt "$1" ]; do
    owner=$(cat "slot.$slot" 2>/dev/null) && [ -n "$owner" ] && gone "$owner" && rm -f "slot.$slot"
    (set -C && echo "$2" >"slot.$slot") 2>/dev/null && return 0
    slot=$((slot + 1))
  done
  return 1
}

devices() { # slot, GPUs of each
  first=$(($1 * $2)) list=
  while [ "$first" -lt $((($1 + 1) * $2)) ]; do
    list=$list${list:+,}$first
    first=$((first + 1))
  done
  echo "$list"
}

place() { # slots of this host or 0, name, size, private values, command
  slots=$1 name=$2 size=$3 private=$4 slot=0
  shift 4
  if mkdir "$name" 2>/dev/null; then
    if [ "$slots" -gt 0 ] && ! take "$slots" "$name"; then
      rmdir "$name"
      echo "penstock: full $name"
      return
    fi
    (
      cd "$name" || exit 1
      printf %s "$private" >private
      export PENSTOCK_AGENT_PRIVATE="$placed/$name/private"
      export PENSTOCK_AGENT_SIZE="$size"
      if [ "$slots" -gt 0 ] && [ "${size##* }" != 0 ]; then
        CUDA_VISIBLE_DEVICES=$(devices "$slot" "${size##* }")
        export CUDA_VISIBLE_DEVICES
      fi
      apart sh -c "$birth$waiter" "$name" "$@"
    ) </dev/null >"$name/words" 2>&1 &
  fi
  [ -d "$name" ] && echo "penstock: placed $name"
}

look() { # names
  for name; do
    status=-
    if [ ! -d "$name" ]; then
      state=unknown
    elif [ ! -f "$name/status" ] && [ ! -f "$name/pid" ]; then
      state=pending
    elif [ ! -f "$name/status" ] && alive "$name"; then
      state=running
    else # with a status that may have been written since
      state=ended
      [ -f "$name/status" ] && read -r status <"$name/status"
    fi
    echo "penstock: $state $name $status $(tail -c 4096 "$name/words" 2>/dev/null | od -An -v -tx1 | tr -d ' \n')"
  done
}

end() { # seconds to go by itself, names
  grace=$1
  shift
  for name; do
    [ -d "$name" ] && [ ! -e "$name/status" ] || continue
    : >"$name/end"
    if alive "$name"; then kill -TERM "$pid" 2>/dev/null; fi
    ( sleep "$grace"; alive "$name" && kill -KILL "-$session" ) </dev/null >/dev/null 2>&1 &
  done
}

list() { # what names begin with
  for folder in "$1"*/; do
    [ -d "$folder" ] && echo "penstock: found ${folder%/}"
  done
}

refresh() { # private values, names
  private=$1
  shift
  for name; do
    [ -f "$name/private" ] && printf %s "$private" >"$name/private.new" && mv "$name/private.new" "$name/private"
  done
}
