package terraform

import (
	"fmt"
	"regexp"
	"strings"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// alreadyExists is what AWS, Azure and Google say about a name that is taken.
var alreadyExists = regexp.MustCompile(`(?i)already exists|alreadyExists|EntityAlreadyExists|\.Duplicate\b`)

var panicked = regexp.MustCompile(`(?m)^(?:\s*[│|] )?(panic: .*|fatal error: .*)$`)

// accident explains an end that terraform did not choose; nil if it did.
func (f *failure) accident() error {
	const again = "run the same command again: it goes on where it stopped. If it happens again, report it to %s with %s"
	what := panicked.FindStringSubmatch(f.stderr)
	switch {
	case strings.Contains(f.stderr, "TERRAFORM CRASH") || strings.Contains(f.stderr, "OPENTOFU CRASH"):
		return ui.Hint(fmt.Errorf("terraform %s in %s: terraform crashed%s", f.verb, f.dir, reasonOf(what)), again, "Terraform or OpenTofu", f.log)
	case strings.Contains(f.said(), "Plugin did not respond") || strings.Contains(f.stderr, "plugin crashed!"):
		return ui.Hint(fmt.Errorf("terraform %s in %s: a provider crashed%s", f.verb, f.dir, reasonOf(what)), again, "its makers", f.log)
	case f.err != nil && strings.Contains(f.err.Error(), "signal: killed"):
		return ui.Hint(fmt.Errorf("terraform %s in %s was killed", f.verb, f.dir),
			"was there too little memory? Run the same command again: it goes on where it stopped")
	}
	return nil
}

func reasonOf(panicked []string) string {
	if panicked == nil {
		return ""
	}
	return ": " + squeeze(panicked[1])
}
