/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a screen can do: ncurses shows each key as it comes. */
#include <curses.h>
#include <locale.h>

int main(void)
{
	setlocale(LC_ALL, "");
	initscr();
	raw();
	noecho();
	for (int c, x = 0; (c = getch()) != 3; x++) {
		mvaddch(10, 4 + x % 60, (chtype)c);
		refresh();
	}
	endwin();
	return 0;
}
