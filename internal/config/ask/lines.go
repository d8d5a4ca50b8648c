package ask

import (
	"bufio"
	"io"
)

// read sends the lines of a stream, so that waiting for one can be given up;
// the channel is closed at the stream's end.
func read(from io.Reader, stop <-chan struct{}) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		if from == nil {
			return
		}
		scanner := bufio.NewScanner(from)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			case <-stop:
				return
			}
		}
	}()
	return lines
}
