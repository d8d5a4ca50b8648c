package approve

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	certificates "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/certificates/v1"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// The ConfigMap that holds the machines file.
const (
	MachinesName = "machines"
	MachinesKey  = "machines.json"
)

// relist is how often requests that could not be approved are looked at again.
const relist = 15 * time.Second

// Approver answers requests as they come.
type Approver struct {
	requests typed.CertificateSigningRequestInterface
	core     typedcore.CoreV1Interface
	log      *slog.Logger
	// told remembers why an open request waits, so that it is logged once.
	told map[string]string
	// known are the nodes as they were at the time looked: many machines of a
	// group join at once.
	known  []corev1.Node
	looked time.Time
}

// New returns an approver for the cluster that config leads to.
func New(config *rest.Config, log *slog.Logger) (*Approver, error) {
	requests, err := typed.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	core, err := typedcore.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &Approver{
		requests: requests.CertificateSigningRequests(), core: core, log: log, told: map[string]string{},
	}, nil
}

// Run answers requests until ctx ends.
func (a *Approver) Run(ctx context.Context) {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		begin := time.Now()
		if err := a.follow(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("certificate requests not watched", "error", err)
		}
		if pause = min(2*pause+100*time.Millisecond, 10*time.Second); time.Since(begin) >= relist {
			pause = 0
		}
	}
}

// follow answers what is open, then what comes, until something open has to be
// looked at again or the server closes the watch.
func (a *Approver) follow(ctx context.Context) error {
	var options metav1.ListOptions
	list, err := a.requests.List(ctx, options)
	if err != nil {
		return err
	}
	open := false
	for i := range list.Items {
		open = !a.answer(ctx, &list.Items[i]) || open
	}
	options.ResourceVersion, options.AllowWatchBookmarks = list.ResourceVersion, true
	watch, err := a.requests.Watch(ctx, options)
	if err != nil {
		return err
	}
	defer watch.Stop()
	var again <-chan time.Time
	if open {
		again = time.After(relist)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again:
			return nil
		case event, ok := <-watch.ResultChan():
			if !ok {
				return nil
			}
			switch object := event.Object.(type) {
			case *certificates.CertificateSigningRequest:
				if event.Type == "ADDED" && !a.answer(ctx, object) && again == nil {
					again = time.After(relist)
				}
			case *metav1.Status:
				return apierrors.FromObject(object)
			}
		}
	}
}

// answer decides on a request; false if it stays open.
func (a *Approver) answer(ctx context.Context, request *certificates.CertificateSigningRequest) bool {
	if len(request.Status.Conditions) > 0 || len(request.Status.Certificate) > 0 {
		return true
	}
	file, err := a.machines(ctx)
	if err != nil {
		a.tell(request, "the machines are not known: "+err.Error())
		return false
	}
	verdict, why := Check(request, file, func() ([]corev1.Node, error) { return a.nodes(ctx) })
	condition := certificates.CertificateSigningRequestCondition{
		Status: corev1.ConditionTrue, Reason: "TurnupMachine", Message: why, LastUpdateTime: metav1.Now(),
	}
	switch verdict {
	case Approve:
		condition.Type = certificates.CertificateApproved
	case Deny:
		condition.Type = certificates.CertificateDenied
	case Ignore:
		return true
	case Wait:
		a.tell(request, why)
		return false
	}
	answered := request.DeepCopy()
	answered.Status.Conditions = append(answered.Status.Conditions, condition)
	_, err = a.requests.UpdateApproval(ctx, request.Name, answered, metav1.UpdateOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		a.tell(request, "the answer was refused: "+err.Error())
		return false
	}
	delete(a.told, request.Name)
	a.log.Info("certificate request", "request", request.Name, "node", request.Spec.Username, "verdict", string(condition.Type), "why", why)
	return true
}

func (a *Approver) tell(request *certificates.CertificateSigningRequest, why string) {
	if a.told[request.Name] == why {
		return
	}
	if len(a.told) > 1000 {
		clear(a.told)
	}
	a.told[request.Name] = why
	a.log.Warn("certificate request stays open", "request", request.Name, "node", request.Spec.Username, "why", why)
}

func (a *Approver) machines(ctx context.Context) (machines.File, error) {
	config, err := a.core.ConfigMaps(object.Namespace).Get(ctx, MachinesName, metav1.GetOptions{})
	if err != nil {
		return machines.File{}, err
	}
	return machines.Decode([]byte(config.Data[MachinesKey]))
}

// nodes are those of the cluster, at most a second ago.
func (a *Approver) nodes(ctx context.Context) ([]corev1.Node, error) {
	if time.Since(a.looked) < time.Second {
		return a.known, nil
	}
	list, err := a.core.Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	a.known, a.looked = list.Items, time.Now()
	return a.known, nil
}
