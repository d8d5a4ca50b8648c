// Command idle is all that is in the machines of the tests: it waits for the
// signal by which Docker halts a machine, SIGRTMIN+3.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	halt := make(chan os.Signal, 1)
	signal.Notify(halt, syscall.Signal(37))
	<-halt
}
