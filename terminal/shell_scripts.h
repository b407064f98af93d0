// What interactive shells read at their start so that they mark prompts and
// commands (OSC 133 and 7). Pure.
#ifndef ATRIUM_TERMINAL_SHELL_SCRIPTS_H_
#define ATRIUM_TERMINAL_SHELL_SCRIPTS_H_

#include <string>
#include <string_view>

namespace atrium::terminal {

// The shells that we know how to make speak in marks.
enum class ShellKind { kOther, kBash, kZsh, kFish };

ShellKind ShellKindOf(std::string_view program);

// Whether a command line, words that end in NUL as in /proc/PID/cmdline, is that of a
// shell that waits for people: no command, and no script, is named.
bool IsInteractiveShell(std::string_view words);

// The start-up script. The marks of a command's start and end carry `key`, so that
// a program cannot make them: it never sees the script, which is read from a pipe.
//
//   OSC 133;A                                    a prompt begins
//   OSC 133;B                                    it ends, one may type
//   OSC 133;C;cmdline_url=TEXT;atrium=KEY        a command's output begins
//   OSC 133;D;EXIT_CODE;atrium=KEY               it ended
//
// TEXT is percent-encoded, of at most 4 KiB, and empty for a command that is kept
// out of the shell's history.
std::string ShellScript(ShellKind kind, std::string_view key);

// The one file of zsh's start-up directory: it reads descriptor 3, which holds the
// script. The script puts the user's own ZDOTDIR back, so that all other files are
// the user's.
std::string_view ZshEnvFile();

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SHELL_SCRIPTS_H_
