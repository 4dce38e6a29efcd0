# What an agent's job runs. Ray tells the whole process group to go; what an agent leaves behind is ended here.
trap : TERM
"$@" </dev/null &
pid=$!
wait $pid
status=$?
while kill -0 $pid 2>/dev/null; do wait $pid; status=$?; done
group() {
  read -r all 2>/dev/null <"$1" || return 1
  set -- ${all##*) }
  echo "$3"
}
own=$(group /proc/$$/stat)
for file in /proc/[0-9]*/stat; do
  left=${file#/proc/}
  left=${left%/stat}
  [ "$left" = $$ ] || [ "$(group "$file")" != "$own" ] || kill -KILL "$left" 2>/dev/null
done
exit $status
