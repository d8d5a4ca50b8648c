package turnup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// lookAround is the longest that the cloud is asked what is left.
const lookAround = 2 * time.Minute

// leftovers looks for what still carries the cluster's tag after everything was
// removed: what a controller made and nobody gave back, or a lost state forgot.
func (t *Turnup) leftovers(ctx context.Context) error {
	looks := terraform.Looks(t.Config)
	if len(looks) == 0 {
		return nil
	}
	return t.bounded(ctx, "look for what is left", lookAround, func(ctx context.Context, _ *ui.Step) error {
		left, asked, err := terraform.Leftovers(ctx, t.Config)
		switch {
		case err != nil:
			return ui.Hint(err, "the machines are gone; look for the tag of %s in the console of the cloud, then delete again", t.name())
		case !asked:
			t.Out.Warnf("nobody has looked for what is left, since `%s` is not on the PATH; where it is, this lists it: %s", looks[0].Args[0], looks[0])
		case len(left) > 0:
			return ui.Hint(fmt.Errorf("the machines are gone, and still there is: %s", strings.Join(left, ", ")),
				"it is tagged with the name of the cluster and may cost money: remove it in the console of the cloud, then delete again")
		}
		return nil
	})
}
