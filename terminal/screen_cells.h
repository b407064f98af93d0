// A screen as cells with their looks, for ReadScreen. Pure.
#ifndef ATRIUM_TERMINAL_SCREEN_CELLS_H_
#define ATRIUM_TERMINAL_SCREEN_CELLS_H_

#include "atrium/v1/tab.pb.h"
#include "terminal/screen/screen.h"

namespace atrium::terminal {

// All of the answer but its offset, with the last `scrollback_lines` before the
// screen, as far as limits::kScreenCells allow.
atrium::v1::ReadScreenResponse ScreenCells(const screen::Screen& screen, int scrollback_lines);

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_SCREEN_CELLS_H_
