package ui

import (
	"fmt"
	"os"
	"strings"
)

// Relative is a path as people say it: below the working directory, without that.
func Relative(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if short, ok := strings.CutPrefix(path, wd+string(os.PathSeparator)); ok {
		return short
	}
	return path
}

// Count is a number of things, as people say it.
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
