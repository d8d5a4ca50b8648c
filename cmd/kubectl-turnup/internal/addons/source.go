package addons

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// readSource reads the AddonSource; one of type push where there is none.
func readSource(ctx context.Context, to *cluster.Access) (api.AddonSource, error) {
	from, _, err := api.ReadSource(ctx, to.Dynamic)
	return from, err
}

// FetchBudget is how long a repository may take to answer with a tree.
const FetchBudget = 2 * time.Minute

// awaitGit waits until the manager has read its repository, and is true to it.
func awaitGit(ctx context.Context, out *ui.Output, to *cluster.Access) error {
	if err := AwaitFetched(ctx, out, to, FetchBudget); err != nil {
		return err
	}
	shipped, err := Kept(ctx, to)
	if err != nil {
		return err
	}
	return AwaitHealthy(ctx, out, to, shipped, HealthyBudget)
}

// AwaitFetched waits until there is a revision from the repository. The
// source's own condition is what it says while it waits, and when it gives up.
func AwaitFetched(ctx context.Context, out *ui.Output, to *cluster.Access, budget time.Duration) error {
	step := out.Step("read the git repository", budget)
	var revision string
	err := wait.For(ctx, wait.Options{
		What: "the addon manager to read the git repository", Budget: budget, Every: 200 * time.Millisecond, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		from, err := readSource(ctx, to)
		if err != nil {
			return false, "", err
		}
		head, err := source.Current(ctx, to.Typed.CoreV1())
		if err != nil {
			return false, fetched(from), err
		}
		revision = head.Revision
		done := conditionOf(from.Status.Conditions, api.Fetched)
		return done.Status == "True", fetched(from), nil
	})
	if err != nil {
		return step.End(ui.Hint(err, "correct addons.git.* in the config or the repository; `kubectl get addonsources -o yaml` shows all of its conditions"))
	}
	step.Done(Short(revision))
	return nil
}

// fetched says how a source's last look at its repository went.
func fetched(from api.AddonSource) string {
	condition := conditionOf(from.Status.Conditions, api.Fetched)
	if condition.Type == "" {
		return "it has not looked yet"
	}
	return condition.Reason + ": " + condition.Message
}

func conditionOf(list []api.Condition, kind string) api.Condition {
	for _, condition := range list {
		if condition.Type == kind {
			return condition
		}
	}
	return api.Condition{}
}

// noManager explains a kind or namespace that is not there.
func noManager(err error) error {
	if apierrors.IsNotFound(err) {
		return ui.Hint(err, "is the addon manager deployed? `kubectl turnup addons deploy` does that")
	}
	return err
}
