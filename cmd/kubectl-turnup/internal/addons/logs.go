package addons

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Logging is which lines of the manager's log to show.
type Logging struct {
	Follow bool
	Since  time.Duration
	// Addon shows the lines of one addon only.
	Addon string
}

// Logs copies the log of the manager that acts now.
func (a *Manager) Logs(ctx context.Context, l Logging, w io.Writer) error {
	to, err := a.connect()
	if err != nil {
		return err
	}
	pod, err := acting(ctx, to)
	if err != nil {
		return err
	}
	if to, err = to.Patient(); err != nil {
		return err
	}
	options := &corev1.PodLogOptions{Follow: l.Follow}
	if l.Since > 0 {
		seconds := max(1, int64(l.Since.Round(time.Second)/time.Second))
		options.SinceSeconds = &seconds
	}
	stream, err := to.Typed.CoreV1().Pods(object.Namespace).GetLogs(pod, options).Stream(ctx)
	if err != nil {
		return fmt.Errorf("read the log of %s/%s: %w", object.Namespace, pod, err)
	}
	defer stream.Close()
	return filter(stream, w, l.Addon)
}

// acting names the pod of the manager that holds the lease.
func acting(ctx context.Context, to *cluster.Access) (string, error) {
	lease, err := to.Typed.CoordinationV1().Leases(object.Namespace).Get(ctx, object.Manager, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", ui.Hint(errors.New("no addon manager has ever acted in this cluster"), "`kubectl turnup addons deploy` deploys it")
	}
	if err != nil {
		return "", fmt.Errorf("find the acting addon manager: %w", err)
	}
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return "", ui.Hint(errors.New("no addon manager acts now"), "`kubectl -n %s get pods` shows why", object.Namespace)
	}
	holder := *lease.Spec.HolderIdentity
	if _, err := to.Typed.CoreV1().Pods(object.Namespace).Get(ctx, holder, metav1.GetOptions{}); err != nil {
		if apierrors.IsNotFound(err) {
			return "", ui.Hint(fmt.Errorf("the addon manager that acts, %s, is no pod of this cluster", holder), "if its pod has just been replaced, try again; a manager outside the cluster logs where it runs")
		}
		return "", fmt.Errorf("find the acting addon manager: %w", err)
	}
	return holder, nil
}

// filter copies the lines that speak of an addon; of all, if it is "".
func filter(r io.Reader, w io.Writer, addon string) error {
	if addon == "" {
		_, err := io.Copy(w, r)
		return err
	}
	about := regexp.MustCompile(`(^|[\s{,])"?addon"?[=:]"?` + regexp.QuoteMeta(addon) + `"?([\s,}]|$)`)
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if !about.Match(scanner.Bytes()) {
			continue
		}
		if _, err := fmt.Fprintln(w, scanner.Text()); err != nil {
			return err
		}
	}
	return scanner.Err()
}
