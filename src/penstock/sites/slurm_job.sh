# What an agent's job runs. `penstock_left` is what Slurm says is left of its time: 30:00, 1-00:00:00, UNLIMITED.
umask 077
penstock_job="${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" # one element's SLURM_JOB_ID is the whole array's
echo "$penstock_job" >"$penstock_name/job"
rm -f "$penstock_name/status"
export PENSTOCK_AGENT_PRIVATE="$PWD/$penstock_name/private" # it may come later
penstock_left=$(squeue -h -j "$penstock_job" -o %L | awk '/^[0-9]/ {
  n = split($0, part, /[-:]/)
  print part[n] + 60 * part[n - 1] + (n > 2 ? 3600 * part[n - 2] : 0) + (n > 3 ? 86400 * part[1] : 0)
}')
if [ -n "$penstock_left" ]; then
  export PENSTOCK_AGENT_LEFT_S="$penstock_left"
fi
export PENSTOCK_AGENT_RESTART="${SLURM_RESTART_COUNT:-0}"
trap 'kill -TERM $penstock_pid' TERM
setsid "$@" </dev/null &
penstock_pid=$!
wait $penstock_pid
penstock_status=$?
while kill -0 $penstock_pid 2>/dev/null; do wait $penstock_pid; penstock_status=$?; done
kill -KILL "-$penstock_pid" 2>/dev/null # what it left behind: not each Slurm sees that
echo $penstock_status >"$penstock_name/status"
exit $penstock_status
