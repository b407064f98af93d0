# Starts the five processes, waits until each is ready, restarts what dies, and
# stops all at the end. Sourced by deploy/run and the tests; needs say and die.

# supervise BINARIES WEB_ROOT STATE_DIR PORT SHELL_USER PROVIDER [CONTROL_FLAG...]
# atrium_flags, by process, has more flags for each, quoted.
supervise() {
  local bin=$1 web=$2 state=$3 port=$4 shell_user=$5 provider=$6
  shift 6
  umask 077
  mkdir -p "$state/run" "$state/log"
  chmod 700 "$state" "$state/run"
  state=$(cd "$state" && pwd)
  local run=$state/run
  exec 8>&2 9>"$run/lock"
  # The processes hold the lock too: what a killed supervisor left behind counts.
  flock -n 9 || die "Atrium runs already with the state directory $state: stop it first (pgrep -fa $run)"
  rm -f "$run"/*.sock "$run/port" "$state/owner.link"
  local provider_name=""
  if [ -z "$provider" ]; then
    provider=ws+unix:$run/agent.sock
    provider_name="offline agent"
  fi

  declare -gA atrium_pids=() atrium_commands=() atrium_starts=()
  atrium_log=$state/log
  atrium_commands[terminal]=$(quoted "$bin/terminal/atrium-terminal" "--listen=$run/terminal.sock" "--state_dir=$state/terminal" ${shell_user:+"--shell_user=$shell_user"})
  atrium_commands[media]=$(quoted "$bin/media/atrium-media" "--listen=$run/media.sock")
  atrium_commands[agent]=$(quoted "$bin/control/atrium-agent" "--listen=$run/agent.sock")
  atrium_commands[control]=$(quoted "$bin/control/atrium-control" "--listen=$run/control.sock" "--terminal=$run/terminal.sock" "--media=$run/media.sock" "--state_dir=$state" "--provider=$provider" ${provider_name:+"--provider_name=$provider_name" --model=pocketsphinx} "$@")
  atrium_commands[gateway]=$(quoted "$bin/gateway/atrium-gateway" "--port=$port" "--port_file=$run/port" "--control=$run/control.sock" "--terminal=$run/terminal.sock" "--web_root=$web")
  local name
  for name in "${!atrium_commands[@]}"; do atrium_commands[$name]+=${atrium_flags[$name]-}; done
  trap 'stop_all; exit 0' INT TERM
  trap stop_all EXIT
  for name in terminal media agent control gateway; do start_one "$name"; done
  wait_ready "$run" "$state"
  say ""
  say "Atrium runs. Open this link; it works once, within a day:"
  printf '  http://localhost:%s/join/%s\n' "$(cat "$run/port")" "$(cat "$state/owner.link")"
  say "Services: unix:$run/control.sock with the token in $state/service.token"
  say "Logs: $state/log   Stop: Ctrl-C"
  watch_over
}

# The words as one line that eval takes apart again, whatever they hold.
quoted() { printf '%q ' "$@"; }

start_one() {
  local name=$1
  atrium_starts[$name]=$(date +%s)
  eval "${atrium_commands[$name]}" '>>"$atrium_log/$name.log" 2>&1 8>&- &'
  atrium_pids[$name]=$!
}

# Waits until every process serves; says what is missing if one does not.
wait_ready() {
  local run=$1 state=$2 deadline=$((SECONDS + 30)) name file
  for file in terminal.sock media.sock agent.sock control.sock port; do
    until [ -e "$run/$file" ]; do
      for name in "${!atrium_pids[@]}"; do
        kill -0 "${atrium_pids[$name]}" 2>/dev/null || { tail -5 "$atrium_log/$name.log" >&2; die "atrium-$name could not start, see above"; }
      done
      [ $SECONDS -lt $deadline ] || die "$file did not appear within 30 s: see $atrium_log"
      sleep 0.05
    done
  done
  until [ -s "$state/owner.link" ]; do
    [ $SECONDS -lt $deadline ] || die "control made no link: see $atrium_log/control.log"
    sleep 0.05
  done
}

# Restarts what dies; one that dies within a second waits a second.
watch_over() {
  local name pid code
  while :; do
    code=0
    # Bash's own word on what was killed is left out: ours follows.
    { wait -n "${atrium_pids[@]}"; } 2>/dev/null || code=$?
    for name in "${!atrium_pids[@]}"; do
      pid=${atrium_pids[$name]}
      kill -0 "$pid" 2>/dev/null && continue
      say "$(date +%T) atrium-$name ended (code $code); starting it again"
      if [ $(($(date +%s) - atrium_starts[$name])) -lt 1 ]; then sleep 1; fi
      start_one "$name"
    done
  done
}

stop_all() {
  trap - EXIT INT TERM
  local pid
  say "Stopping" 2>&8  # We may be within what is not to be heard.
  for pid in "${atrium_pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
