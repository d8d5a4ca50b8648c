package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// failure is a run of terraform that went wrong.
type failure struct {
	verb   string // "apply", as in `terraform apply`
	dir    string
	log    string // path of the log
	tool   string // path of the executable
	err    error
	stderr string
	errors []diagnostic
}

// explain turns a failed run into one error that says what terraform said,
// trimmed to what matters, and where the rest is.
func (f *failure) explain() error {
	if errors.Is(f.err, context.Canceled) || errors.Is(f.err, context.DeadlineExceeded) {
		return ui.Hint(fmt.Errorf("terraform %s in %s was interrupted: %w", f.verb, f.dir, cause(f.err)),
			"run the same command again: it goes on where it stopped")
	}
	if err := f.accident(); err != nil {
		return err
	}
	text := f.said()
	if err := ofCloud(text); err != nil {
		return err
	}
	err := fmt.Errorf("terraform %s in %s: %s", f.verb, f.dir, text)
	switch {
	case strings.Contains(text, "Saved plan is stale"):
		return ui.Hint(fmt.Errorf("terraform %s in %s: somebody else changed something after the plan was shown", f.verb, f.dir),
			"nothing of it was done; run the same command again for a new plan")
	// A state that cannot be read fails while it is being locked, and says both.
	case strings.Contains(text, "Unsupported state file format") || strings.Contains(text, "state snapshot was created by"):
		return ui.Hint(err, "restore terraform.tfstate in %s from terraform.tfstate.backup, or remove both: machines that exist are found by their labels", f.dir)
	case strings.Contains(text, "acquiring the state lock"):
		return ui.Hint(fmt.Errorf("terraform %s in %s: the state is locked by %s", f.verb, f.dir, holder(text)),
			"another run works on this cluster: wait for it. If there is none (it crashed), free the lock: %s -chdir=%s force-unlock -force %s",
			f.tool, f.dir, lockID(text))
	case alreadyExists.MatchString(text):
		return ui.Hint(err, "an earlier run may have made it and died before it could note that: if it is this cluster's, remove it, or take it over "+
			"with `%s -chdir=%s import ADDRESS ID`; then run the same command again", filepath.Base(f.tool), f.dir)
	case needsInit(text):
		return ui.Hint(err, "the provider %s is needed: let terraform reach its registry, or set %s to a directory that has it%s", provider(text), EnvProviders, built(text))
	}
	if f.log == os.DevNull {
		return err
	}
	return ui.Hint(err, "the whole story is in %s", f.log)
}

// Error is what terraform said; callers of this room get what explain makes of it.
func (f *failure) Error() string { return f.said() }

// said is the essence of terraform's own words.
func (f *failure) said() string {
	var lines []string
	for _, d := range f.errors {
		line := squeeze(d.Summary)
		if detail := squeeze(d.Detail); detail != "" {
			line += ": " + first(detail, 500)
		}
		switch {
		case d.Address != "":
			line = d.Address + ": " + line
		case d.Range != nil:
			line = fmt.Sprintf("%s:%d: %s", d.Range.Filename, d.Range.Start.Line, line)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		lines = boxes(f.stderr)
	}
	if len(lines) == 0 {
		if text := squeeze(f.stderr); text != "" {
			return last(text, 400)
		}
		return cause(f.err).Error()
	}
	if len(lines) > 3 {
		lines = append(lines[:3], fmt.Sprintf("and %d more", len(lines)-3))
	}
	return strings.Join(lines, "; ")
}

// boxes takes the errors out of the human output, in which each is a paragraph
// "Error: …" in a box. `terraform init` has no other output in old versions.
func boxes(text string) []string {
	var found []string
	for _, part := range strings.Split(strip(text), "Error: ")[1:] {
		if i := strings.Index(part, "\nWarning: "); i >= 0 {
			part = part[:i]
		}
		found = append(found, squeeze(part))
	}
	return found
}

var frame = regexp.MustCompile(`(?m)^[ \t]*[╷│╵][ \t]?`)

func strip(text string) string { return frame.ReplaceAllString(text, "") }

// squeeze makes one line of a paragraph.
func squeeze(text string) string { return strings.Join(strings.Fields(strip(text)), " ") }

func first(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return text[:n] + "…"
}

func last(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return "…" + text[len(text)-n:]
}

var lockInfo = regexp.MustCompile(`ID: *([0-9a-f-]{36})`)

// lockID finds the id that force-unlock wants.
func lockID(text string) string {
	if m := lockInfo.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "LOCK_ID"
}

var lockHolder = regexp.MustCompile(`Who: *(\S+).*Created: *(\S+ \S+)`)

// holder tells who has the lock, as far as terraform knows.
func holder(text string) string {
	if m := lockHolder.FindStringSubmatch(text); m != nil {
		return m[1] + " since " + m[2]
	}
	return "another run"
}

// needsInit says that the working directory has not the providers it needs.
func needsInit(text string) bool {
	for _, sign := range []string{
		"terraform init", "tofu init", "Inconsistent dependency lock file", "Required plugins are not installed",
		"Failed to query available provider packages", "Could not retrieve the list of available versions",
	} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

var providerName = regexp.MustCompile(`provider\s+"?(?:registry\.(?:terraform|opentofu)\.(?:io|org)/)?([a-z0-9-]+/[a-z0-9-]+)`)

// provider is the one that the text complains about, as far as it says.
func provider(text string) string {
	if m := providerName.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "of versions.tf"
}

// built tells how to get the one provider that a checkout can build.
func built(text string) string {
	if provider(text) == "kreuzwerker/docker" {
		return " (in a checkout, `make tools` builds it)"
	}
	return ""
}

// cause is the innermost error that still says something.
func cause(err error) error {
	for _, target := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, target) {
			return target
		}
	}
	return err
}
