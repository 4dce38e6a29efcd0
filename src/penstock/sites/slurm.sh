# What submits agents to Slurm, and asks after them, where its programs are; after shared.sh. In a folder that all nodes share, slurm-JOB.out is what a job printed, and each agent has a folder:
#   job      the number of its job
#   status   with what it ended; not there: it runs, waits, or was killed
#   private  what only its owner may read

submit() { # script, names
  script=$1
  shift
  job=$(printf %s "$script" | sbatch --parsable) || exit 1
  index=0
  for name; do
    # A job that has begun writes this, too.
    echo "${job%%;*}_$index" >"$name/job"
    index=$((index + 1))
  done
}

queue() {
  squeue -h -r -t all -u "$(id -un)" -o "penstock: job %i|%j|%T|%r" || exit 1
}

cancel() { # jobs
  scancel "$@" || exit 1
}

list() { # what names begin with
  for folder in "$1"*/; do
    [ -f "$folder/job" ] && echo "penstock: found ${folder%/}"
  done
}

look() { # names
  for name; do
    status=- job=-
    read -r job 2>/dev/null <"$name/job" || continue
    [ -f "$name/status" ] && read -r status <"$name/status"
    echo "penstock: kept $name $status $(tail -c 4096 "slurm-$job.out" 2>/dev/null | od -An -v -tx1 | tr -d ' \n')"
  done
}
