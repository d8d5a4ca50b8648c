package git

import (
	"errors"
	"fmt"

	"turnup.dev/kubectl-turnup/addon-manager/source"
)

const (
	// maxRefBytes is the list of refs: some 250,000 of them.
	maxRefBytes = 16 << 20
	// maxAnswer is a pack with its wrapping.
	maxAnswer = 72 << 20
	// maxReason is how much of a refusal is read.
	maxReason = 1 << 10
	// maxMessage is how much of a commit message is kept: it ends up in an annotation.
	maxMessage = 32 << 10
	maxDepth   = 64
	maxLinks   = 40
)

// limits keep a hostile or a huge repository from filling the memory.
type limits struct {
	// pack and unpacked are in bytes, objects and the rest are numbers.
	pack, unpacked, objects int
	bytes, files            int
}

func defaultLimits() limits {
	return limits{
		pack: 64 << 20, unpacked: 96 << 20, objects: 200_000,
		bytes: source.MaxBytes, files: source.MaxFiles,
	}
}

// errTooBig is wrapped where a pack is beyond the limits.
var errTooBig = errors.New("the repository is too big")

var errLong = errors.New("the server's answer is longer than it may be")

func tooBig(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errTooBig, fmt.Sprintf(format, args...))
}
