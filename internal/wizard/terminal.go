package wizard

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// ErrNoTerminal says that there is no terminal in which a screen can be drawn.
var ErrNoTerminal = errors.New("no terminal for the menus")

// Supported returns an ErrNoTerminal with the reason, or nil if the wizard can
// run: in and out are both a terminal, and it understands more than a printer.
func Supported(in io.Reader, out io.Writer, env func(string) string) error {
	if !isTerminal(in) {
		return fmt.Errorf("%w: the input is not a terminal", ErrNoTerminal)
	}
	if !isTerminal(out) {
		return fmt.Errorf("%w: the output is not a terminal", ErrNoTerminal)
	}
	switch name := env("TERM"); {
	case name == "dumb":
		return fmt.Errorf("%w: TERM is dumb", ErrNoTerminal)
	case name == "" && runtime.GOOS != "windows":
		return fmt.Errorf("%w: TERM is not set", ErrNoTerminal)
	}
	return nil
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// utf8 follows the C library: the first of these that is set decides.
func utf8(env func(string) string, goos string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(env(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	// Windows has no such variables; its newer terminal can.
	return goos == "darwin" || goos == "windows" && env("WT_SESSION") != ""
}

// environment is what the renderer may know: it has a list, we a function.
func environment(env func(string) string) []string {
	var list []string
	for _, name := range []string{
		"TERM", "TERM_PROGRAM", "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE",
		"TMUX", "STY", "SSH_TTY", "WT_SESSION", "ConEmuANSI", "ANSICON", "GOOGLE_CLOUD_SHELL",
	} {
		if value := env(name); value != "" {
			list = append(list, name+"="+value)
		}
	}
	return list
}
