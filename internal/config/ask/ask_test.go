package ask

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
)

func TestAnswersAreTakenInTheirShortForms(t *testing.T) {
	cases := []struct{ field, answer, want string }{
		{"bootstrap.audit", "N", "false"},
		{"bootstrap.audit", "yes", "true"},
		{"network.provider", "5", "none"},
		{"network.provider", "none", "none"},
		{"provision.workers", "0", "0"},
		{"bootstrap.registry", "a.b", "a.b"},
		{"bootstrap.registry", `""`, ""},
	}
	for _, tc := range cases {
		t.Run(tc.field+" "+tc.answer, func(t *testing.T) {
			i := Interview{Config: config.New()}
			f := config.Lookup(tc.field)
			if problem := i.set(f, tc.answer); problem != "" {
				t.Fatal(problem)
			}
			if got := config.Value(i.Config, f); got != tc.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestAWrongAnswerLeavesWhatWasThere(t *testing.T) {
	i := Interview{Config: config.New()}
	for field, answer := range map[string]string{
		"provision.workers": "51", "bootstrap.audit": "maybe", "network.provider": "6", "network.pod_cidr": "10.0.0.1/8",
	} {
		f := config.Lookup(field)
		before := config.Value(i.Config, f)
		if i.set(f, answer) == "" || config.Value(i.Config, f) != before || config.IsSet(i.Config, f) {
			t.Errorf("%s is %s", field, config.Value(i.Config, f))
		}
	}
}

func TestAnInterruptedInterviewKeepsItsAnswers(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	in, typed := io.Pipe()
	defer typed.Close()
	i := Interview{Config: config.New(), In: in, Out: &cancelAt{"Where machines run", cancel}}
	go func() { _, _ = io.WriteString(typed, "staging\n") }()
	if err := i.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if name := config.Of(i.Config).Cluster.Name; name != "staging" {
		t.Errorf("the name is %s", name)
	}
}

// cancelAt is an output that interrupts at a text.
type cancelAt struct {
	text   string
	cancel func()
}

func (c *cancelAt) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.text) {
		c.cancel()
	}
	return len(p), nil
}

func TestAnswersBringUpQuestions(t *testing.T) {
	var out strings.Builder
	i := Interview{Config: config.New(), In: strings.NewReader("\naws\n\n\neu-west-1\n"), Out: &out}
	if err := i.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if c := config.Of(i.Config); c.Provision.AWS.Region != "eu-west-1" || c.Provision.Local.Subnet != "" {
		t.Errorf("%+v\n%s", c.Provision, out.String())
	}
}
