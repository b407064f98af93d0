#include "terminal/shell_scripts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_replace.h"
#include "common/str_cat.h"

namespace atrium::terminal {
namespace {

// The user's own files first, then the marks. PS0 is printed before a command
// runs; PROMPT_COMMAND before a prompt. `\!` tells whether the line went into the
// history: what did not is only named if it must be a repetition.
//
// What runs before a prompt may set PS1 and PS0 anew each time, as people may by hand:
// they get their marks behind all of it. `PROMPT_COMMAND=x` replaces its first element
// only, so that what stands last sees it, and puts ours in front again. Before 5.1 there
// is one element.
constexpr char kBash[] = R"sh(
exec 3<&-
[ -r /etc/bash.bashrc ] && . /etc/bash.bashrc
[ -r ~/.bashrc ] && . ~/.bashrc
__atrium_encode() {
  local LC_ALL=C text=${1:0:4096} c i n
  REPLY=
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case $c in
      [a-zA-Z0-9/._~=:@,+-] | ' ') REPLY+=$c ;;
      *) printf -v n %d "'$c"; printf -v c %%%02X $((n & 255)); REPLY+=$c ;;
    esac
  done
}
__atrium_typed() {
  local REPLY text HISTTIMEFORMAT=
  if [ "$1" = "${__atrium_number-}" ]; then
    case ${HISTIGNORE-}:${HISTCONTROL-} in :ignoredups | :erasedups) ;; *) return ;; esac
  fi
  text=$(builtin history 1)
  [[ $text =~ ^\ *[0-9]+[*\ ]\ (.*)$ ]] || return
  __atrium_encode "${BASH_REMATCH[1]}"
  printf %s "$REPLY"
}
__atrium_prompt() {
  local code=$? REPLY
  __atrium_begun=1
  if [ -n "${__atrium_ran-}" ]; then printf '\033]133;D;%d;atrium=@KEY@\033\\' "$code"; fi
  __atrium_number='\!'
  __atrium_number=${__atrium_number@P}
  # With no history yet the first line gets the number that is shown before it.
  if [ "$__atrium_number" = 1 ] && [ -z "$(builtin history 1)" ]; then __atrium_number=; fi
  __atrium_ran=1
  __atrium_encode "$PWD"
  printf '\033]7;file://%s%s\033\\\033]133;A\033\\' "${HOSTNAME-}" "$REPLY"
  return "$code"
}
__atrium_order() {
  case ${PROMPT_COMMAND[0]-} in
    __atrium_prompt | '__atrium_prompt; '*)
      [ "${PROMPT_COMMAND[${#PROMPT_COMMAND[@]} - 1]-}" = __atrium_arm ] && return ;;
  esac
  local one all=()
  for one in "${PROMPT_COMMAND[@]}"; do
    one=${one#'__atrium_prompt; '}
    [ "$one" = __atrium_arm ] || all+=("${one//__atrium_prompt/:}")
  done
  PROMPT_COMMAND=("__atrium_prompt${all[0]:+; ${all[0]}}" "${all[@]:1}" __atrium_arm)
}
__atrium_arm() {
  local code=$?
  if [ -z "${__atrium_begun-}" ]; then (exit "$code"); __atrium_prompt; fi
  __atrium_begun=
  [ -n "${__atrium_single-}" ] || __atrium_order
  case "${PS1-}" in *'133;B'*) ;; *) PS1="${PS1-}"'\[\033]133;B\033\\\]' ;; esac
  case "${PS0-}" in
    *'atrium=@KEY@'*) ;;
    *) PS0="${PS0-}"'\033]133;C;cmdline_url=$(__atrium_typed \!);atrium=@KEY@\033\\' ;;
  esac
  return "$code"
}
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
  __atrium_order
else
  __atrium_single=1
  PROMPT_COMMAND="__atrium_prompt${PROMPT_COMMAND:+; $PROMPT_COMMAND}"$'\n__atrium_arm'
fi
)sh";

// Read in the place of ~/.zshenv. At the first prompt, when the user's .zshrc was
// read, the hooks go behind those that it made. The prompt's end is told by the line
// editor, since a theme may set the prompt anew each time. Before any hook zsh ends a
// line that has no newline (PROMPT_SP): the mark of the command's end goes into what it
// prints there, so that this is no output of the command. Where that is exported, all
// programs could read the key.
constexpr char kZsh[] = R"sh(
exec 3<&- 4<&-
if [[ -n ${ATRIUM_ZDOTDIR+x} ]]; then export ZDOTDIR=$ATRIUM_ZDOTDIR; else unset ZDOTDIR; fi
unset ATRIUM_ZDOTDIR
if [[ -r ${ZDOTDIR-$HOME}/.zshenv ]]; then . "${ZDOTDIR-$HOME}/.zshenv"; fi
if [[ -o interactive ]]; then
  __atrium_encode() {
    emulate -L zsh
    setopt no_multibyte
    local text=${1[1,4096]} c
    REPLY=
    for c in "${(@s::)text}"; do
      if [[ $c != [a-zA-Z0-9/._~=:@,+\ -] ]]; then printf -v c %%%02X $((#c)); fi
      REPLY+=$c
    done
  }
  __atrium_preexec() {
    local text=$1 REPLY
    if [[ -o hist_ignore_space && $text == ' '* ]]; then text=; fi
    emulate -L zsh
    __atrium_encode "$text"
    printf '\033]133;C;cmdline_url=%s;atrium=@KEY@\033\\' "$REPLY"
  }
  __atrium_precmd() {
    local code=$? REPLY said=
    if [[ -o prompt_sp && -o prompt_cr && ${PROMPT_EOL_MARK-} == *atrium=@KEY@* ]]; then said=1; fi
    emulate -L zsh
    local mark=$'%{\e]133;D;%?;atrium=@KEY@\e\\%}'
    if [[ ${(t)PROMPT_EOL_MARK} == *export* ]]; then
      PROMPT_EOL_MARK=${PROMPT_EOL_MARK#"$mark"}
    elif [[ ${PROMPT_EOL_MARK-} != *atrium=@KEY@* ]]; then
      PROMPT_EOL_MARK=$mark${PROMPT_EOL_MARK-%B%S%#%s%b}
    fi
    if [[ $preexec_functions[-1] != __atrium_preexec ]]; then
      preexec_functions=(${preexec_functions:#__atrium_preexec} __atrium_preexec)
    fi
    if [[ -n ${__atrium_ran-} ]]; then
      [[ -n $said ]] || printf '\033]133;D;%d;atrium=@KEY@\033\\' $code
    else
      typeset -g __atrium_ran=1
      autoload -Uz add-zle-hook-widget
      add-zle-hook-widget line-init __atrium_line_init
    fi
    __atrium_encode "$PWD"
    printf '\033]7;file://%s%s\033\\\033]133;A\033\\' "$HOST" "$REPLY"
  }
  __atrium_line_init() { printf '\033]133;B\033\\' }
  typeset -ga precmd_functions preexec_functions
  precmd_functions+=(__atrium_precmd)
  preexec_functions+=(__atrium_preexec)
fi
)sh";

// Read after the user's config.fish. After ^C no prompt is told. The prompt may be made
// anew at any time.
constexpr char kFish[] = R"sh(
function __atrium_preexec --on-event fish_preexec
    set -g __atrium_ran 1
    set -l text (string sub -l 4096 -- $argv[1] | string collect)
    if string match -qr '^ ' -- $text
        set text ''
    end
    printf '\033]133;C;cmdline_url=%s;atrium=@KEY@\033\\\\' (string escape --style=url -- $text)
end
function __atrium_postexec --on-event fish_postexec
    printf '\033]133;D;%d;atrium=@KEY@\033\\\\' $status
    set -g __atrium_ran 2
end
function __atrium_prompt --on-event fish_prompt
    if test "$__atrium_ran" = 0
        printf '\033]133;D;0;atrium=@KEY@\033\\\\'
    end
    set -g __atrium_ran 0
    __atrium_wrap
    printf '\033]7;file://%s%s\033\\\\\033]133;A\033\\\\' $hostname (string escape --style=url -- $PWD)
end
function __atrium_cancel --on-event fish_cancel
    printf '\033]133;D;130;atrium=@KEY@\033\\\\\033]133;A\033\\\\'
end
function __atrium_wrap
    if functions fish_prompt | string match -q '*__atrium_fish_prompt*'
        return
    end
    functions -e __atrium_fish_prompt
    functions -c fish_prompt __atrium_fish_prompt
    function fish_prompt
        __atrium_fish_prompt
        printf '\033]133;B\033\\\\'
    end
end
__atrium_wrap
)sh";

}  // namespace

ShellKind ShellKindOf(std::string_view program) {
  const size_t slash = program.rfind('/');
  const std::string_view name = program.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (name == "bash") return ShellKind::kBash;
  if (name == "zsh") return ShellKind::kZsh;
  if (name == "fish") return ShellKind::kFish;
  return ShellKind::kOther;
}

bool IsInteractiveShell(std::string_view words) {
  static constexpr std::string_view kShells[] = {"sh",   "ash", "dash", "bash", "zsh",
                                                 "fish", "ksh", "mksh", "csh",  "tcsh"};
  bool is_program = true;
  while (!words.empty()) {
    const size_t end = std::min(words.find('\0'), words.size());
    std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    if (std::exchange(is_program, false)) {
      if (word.substr(0, 1) == "-") word.remove_prefix(1);  // A login shell.
      word.remove_prefix(word.rfind('/') + 1);
      if (std::find(std::begin(kShells), std::end(kShells), word) == std::end(kShells))
        return false;
      continue;
    }
    const bool is_option = word.substr(0, 1) == "-" || word.substr(0, 1) == "+";
    const bool is_long = word.substr(0, 2) == "--";
    if (!is_option ||
        (is_long ? word.substr(0, 9) == "--command" : word.find('c') != std::string_view::npos)) {
      return false;
    }
  }
  return !is_program;
}

std::string ShellScript(ShellKind kind, std::string_view key) {
  const char* script = kind == ShellKind::kBash   ? kBash
                       : kind == ShellKind::kZsh  ? kZsh
                       : kind == ShellKind::kFish ? kFish
                                                  : "";
  return absl::StrReplaceAll(script, {{"@KEY@", ToAbsl(key)}});
}

std::string_view ZshEnvFile() { return ". /dev/fd/3\n"; }

}  // namespace atrium::terminal
