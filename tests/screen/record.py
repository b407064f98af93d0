#!/usr/bin/env python3
"""Records what real programs write to an 80x24 terminal into recordings/*.raw.

    python3 record.py [NAME...]

Each program runs with scripted keystrokes in namespaces of its own (needs
root), so that a recording names no host, user or process of the machine it was
made on. Answers to the few queries programs wait for are given here.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

COLUMNS, ROWS = 80, 24
LIMIT = 95_000
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'recordings')
DEMO = '/tmp/demo'

ANSWERS = [
    (b'\x1b[c', b'\x1b[?1;2c'),
    (b'\x1b[>c', b'\x1b[>0;276;0c'),
    (b'\x1b[6n', b'\x1b[1;1R'),
    (b'\x1b]11;?', b'\x1b]11;rgb:0000/0000/0000\x1b\\'),
]

SAMPLE = '''# Sample
Plain text, \u201cquotes\u201d, an ellipsis\u2026 and a dash \u2014 here.
\u4f60\u597d\uff0c\u4e16\u754c\u3002\u3053\u3093\u306b\u3061\u306f\u3001\u4e16\u754c\u3002\uc548\ub155\ud558\uc138\uc694.
caf\u00e9 cafe\u0301 na\u00efve nai\u0308ve \u0928\u092e\u0938\u094d\u0924\u0947
\U0001f642 \U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f 1\ufe0f\u20e3
'''
CODE = '#include <stdio.h>\n\nint main(void) {\n' + ''.join(
    f'  printf("line {i}: %d\\n", {i} * {i});  // a comment that is rather long, to wrap around\n'
    for i in range(60)) + '  return 0;\n}\n'

PROGRESS = r'''
import sys, time
w = sys.stdout.write
for i in range(60):
    w("\r\x1b[K[%-40s] %3d%% \x1b[32m%s\x1b[0m" % ("#" * (i * 40 // 59), i * 100 // 59, "ok" if i % 7 else "…"))
    sys.stdout.flush(); time.sleep(0.005)
w("\r\n")
# A fixed status line under a scroll region, as apt does it.
w("\n\x1b7\x1b[0;23r\x1b8\x1b[1A")
for i in range(40):
    w("\x1b7\x1b[24;0f\x1b[42m\x1b[30mProgress: [%3d%%]\x1b[49m\x1b[39m [%s%s] \x1b8" % (i * 100 // 39, "#" * i, "." * (39 - i)))
    w("Setting up package-%d (1.%d) ...\r\n" % (i, i))
w("\n\x1b7\x1b[0;24r\x1b8\x1b[1A\x1b[J")
for r in range(0, 256, 8):
    w("".join("\x1b[48;2;%d;%d;128m\x1b[38;5;%dm▀" % (r, g * 3, g) for g in range(80)) + "\x1b[0m\r\n")
w("\x1b]8;;https://example.com/\x1b\\a link\x1b]8;;\x1b\\ \x1b[4:3m\x1b[58:2::255:0:0mcurly\x1b[0m\r\n")
'''

DIALOG = '''
dialog --colors --title "Sample" --menu "\\Zb\\Z1Choose\\Zn one, \u4f60\u597d" 15 50 5 a "First" b "Second" c "Third caf\u00e9" d "Fourth" 2>/dev/null
dialog --checklist "Some of these" 15 50 5 a "First" off b "Second" on c "Third" off 2>/dev/null
dialog --inputbox "A name" 10 40 2>/dev/null
for i in $(seq 0 10 100); do echo $i; sleep 0.05; done | dialog --gauge "Working" 8 50
dialog --msgbox "Done" 8 30
'''
TESTS = '''
const { test, describe } = require('node:test');
const assert = require('node:assert');
describe('sums', () => {
  for (let i = 0; i < 12; i++) test('adds ' + i, () => assert.equal(i + i, 2 * i));
  test('is wrong', () => assert.deepEqual({ a: [1, 2, 3] }, { a: [1, 2, 4] }));
  test('is left out', { skip: 'later' }, () => {});
  test('waits', async () => { await new Promise((done) => setTimeout(done, 200)); });
});
'''


def keys(*steps):
    """Keystrokes with the seconds to wait after each."""
    return [(step, 0.25) if isinstance(step, (str, bytes)) else step for step in steps]


PROGRAMS = {
    'vim': ('vim -u NONE -N --cmd "syntax on | set ruler mouse=a number" code.c', keys(
        ('', 1), '\x06', '\x06', 'jjjj', ':vsplit sample.txt\r', 'Gdd', 'ONew line \u4f60\u597d caf\u00e9\x1b', 'yyppp', 'u',
        ':set list wrap\r', '/line 4\r', 'n', 'ddp', 'x' * 6, ':only\r', 'gg=G', 'Ainsert some text\x1b', '5dd', 'P', ':q!\r')),
    'nano': ('nano sample.txt', keys(('', 0.8), 'typed text \u4f60', '\r', '\x1b[B', '\x0b', '\x15', '\x1b[6~', '\x17', 'quotes\r', '\x18', 'n')),
    'less': ('less -R colors.txt', keys(('', 0.5), ' ', ' ', 'b', '/blue\r', 'n', '\x1b[B', '\x1b[C', '\x1b[D', 'G', 'g', 'q')),
    'top': ('top -d 1', keys(('', 2.5), 'z', ('x', 1), 'c', 'q')),
    'htop': ('htop -d 8', keys(('', 2), '\x1b[B', '\x1b[B', 't', ('h', 0.5), ('q', 0.5), '\x1bOR', 'sh\r', 'q')),
    'mc': ('mc -d -u', keys(('', 1.5), '\x1b[B', '\x1b[B', '\t', '\x1b3', ('', 0.5), '\x1b3', '\x1b9', '\x1b[B', '\x1b\x1b', '\x0f', 'ls\r', '\x0f', '\x1b0', '\r')),
    'tmux': ('tmux -f /dev/null -u new-session sh', keys(
        ('', 1), 'ls --color\r', '\x02%', ('', 0.5), 'cat sample.txt\r', '\x02"', ('', 0.5), 'seq 40\r', '\x02o', 'echo hi\r', '\x02z', '\x02z', '\x02d')),
    'bash': ('bash --norc -i', keys(
        ('', 0.5), 'echo a rather long command line that goes over the edge of the terminal and wraps around to the next', '\x01', '\x1bf\x1bf', 'XYZ',
        '\x05\r', 'ls --color=always -la\r', 'cat sample.txt\r', '\x12cat', '\x07', 'printf "\\e[1;31mred\\e[0m\\n"\r', 'cl\x15', 'clear\r', 'exit\r')),
    'git-log': ('git log --graph --color=always --stat -p', keys(('', 0.7), ' ', ' ', 'b', '/three\r', 'G', 'q')),
    'man': ('man ls', keys(('', 1), ' ', ' ', ' ', '/color\r', 'n', 'q')),
    'progress': ('python3 progress.py', keys(('', 1.5))),
    'emacs': ('emacs -nw -q --no-splash code.c', keys(
        ('', 2), '\x0e\x0e\x0e', '\x16', '\x1b<', 'typed \u4f60\u597d caf\u00e9\r', '\x0b\x19\x19', '\x18' + '2', ('', 0.5), '\x18o', '\x18b\r',
        '\x13line 4', ('\r', 0.5), '\x1bx', 'list-buffers\r', ('', 0.5), '\x18' + '1', '\x18\x03', ('n', 0.5), ('yes\r', 0.5))),
    'dialog': ('sh dialog.sh', keys(('', 0.7), '\x1b[B', '\x1b[B', '\t', '\t', '\r', ('', 0.5), ' ', '\x1b[B', ' ', '\r', ('', 0.5), 'caf\u00e9 typed', '\x7f\x7f', '\r', ('', 1.5), '\r')),
    'watch': ('watch -d -n 1 "seq 8; cat /proc/uptime; cat sample.txt"', keys(('', 4.5), 'q', '\x03')),
    'npm-install': ('npm install --offline --no-audit --no-fund --no-update-notifier --color=always --progress=true --foreground-scripts ./packages/one ./packages/two', keys(('', 6))),
    'node-test': ('node --test --test-reporter=spec sum.test.js', keys(('', 4))),
    'python': ('python3 -q', keys(('', 0.7), 'for i in range(30): print("\u4f60" * i)\r\r', 'help(len)\r', 'q', '\x1b[A\x1b[A', '\x03', 'exit()\r')),
}


def prepare():
    os.makedirs(DEMO, exist_ok=True)
    files = {
        'sample.txt': SAMPLE * 4,
        'code.c': CODE,
        'progress.py': PROGRESS,
        'dialog.sh': DIALOG,
        'sum.test.js': TESTS,
        'package.json': '{"name": "demo", "version": "1.0.0"}\n',
        'packages/one/package.json': '{"name": "one", "version": "1.0.0", "scripts": {"install": "seq 1 12; sleep 0.5; echo built"}}\n',
        'packages/two/package.json': '{"name": "two", "version": "2.1.0", "scripts": {"postinstall": "ls --color=always; sleep 0.5"}}\n',
        'colors.txt': ''.join(f'\x1b[{30 + i % 8}mcolour {i} \x1b[1mbold blue\x1b[0m ' + 'word ' * (i % 23) + '\n' for i in range(120)),
    }
    for name, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(DEMO, name)), exist_ok=True)
        with open(os.path.join(DEMO, name), 'w') as file:
            file.write(text)
    os.system(f'''cd {DEMO} && rm -rf .git && git init -q . && git config user.name Demo && git config user.email demo@example.com
for word in one two three four; do echo $word >> words.txt; git add -A; git commit -qm "Add $word"; done''')


def run(name):
    command, steps = PROGRAMS[name]
    inner = (f'hostname demo; mkdir -p {DEMO}/home; cd {DEMO}; exec env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME={DEMO}/home '
             f'TERM=xterm-256color LANG=C.UTF-8 PS1="demo\\$ " PAGER=less LESS=-R SHELL=/bin/sh {command}')
    pid, master = pty.fork()
    if pid == 0:
        os.execvp('unshare', ['unshare', '-pfu', '--mount-proc', 'sh', '-c', inner])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLUMNS, 0, 0))
    output = b''
    answered = 0

    def read_for(seconds):
        nonlocal output, answered
        end = time.time() + seconds
        while True:
            ready, _, _ = select.select([master], [], [], max(0, end - time.time()))
            if not ready:
                return True
            try:
                data = os.read(master, 65536)
            except OSError:
                return False
            output += data
            for query, answer in ANSWERS:
                for _ in range(output[answered:].count(query)):
                    os.write(master, answer)
            answered = len(output)

    alive = True
    for step, wait in steps:
        if not alive:
            break
        if step:
            os.write(master, step if isinstance(step, bytes) else step.encode())
        alive = read_for(wait)
    if alive:
        read_for(0.5)
    os.close(master)
    with open(os.path.join(FOLDER, f'{name}.raw'), 'wb') as file:
        file.write(output[:LIMIT])
    print(name, len(output))


prepare()
for wanted in sys.argv[1:] or PROGRAMS:
    run(wanted)
