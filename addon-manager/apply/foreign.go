package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// ErrForeign is wrapped where another tool owns an object.
var ErrForeign = errors.New("it belongs to another tool")

// foreign refuses an object that another tool owns. Its metadata is asked for.
func (c *Client) foreign(ctx context.Context, r Request) error {
	if r.Object.Adopt || r.Known {
		return nil
	}
	resource, err := c.meta(ctx, r.Object.Ref)
	if err != nil {
		return err
	}
	live, err := resource.Get(ctx, r.Object.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return owned(live, r.Object)
}

// owned returns an error that names the tool which owns a live object, by the
// marks that these tools leave.
func owned(live metav1.Object, declared object.Declared) error {
	if declared.Adopt {
		return nil
	}
	// A mark that our own manifest carries says nothing (the output of a chart, say).
	var own struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
	}
	if err := json.Unmarshal(declared.Data, &own); err != nil {
		return err
	}
	labels, annotations := live.GetLabels(), live.GetAnnotations()
	tool := ""
	switch {
	case annotations["meta.helm.sh/release-name"] != "" && own.Metadata.Annotations["meta.helm.sh/release-name"] == "":
		tool = "Helm release " + annotations["meta.helm.sh/release-namespace"] + "/" + annotations["meta.helm.sh/release-name"]
	case labels["kustomize.toolkit.fluxcd.io/name"] != "" && own.Metadata.Labels["kustomize.toolkit.fluxcd.io/name"] == "":
		tool = "Flux Kustomization " + labels["kustomize.toolkit.fluxcd.io/namespace"] + "/" + labels["kustomize.toolkit.fluxcd.io/name"]
	case annotations["argocd.argoproj.io/tracking-id"] != "" && own.Metadata.Annotations["argocd.argoproj.io/tracking-id"] == "":
		tool = "Argo CD application " + annotations["argocd.argoproj.io/tracking-id"]
	case labels["applyset.kubernetes.io/part-of"] != "" && own.Metadata.Labels["applyset.kubernetes.io/part-of"] == "":
		tool = "ApplySet " + labels["applyset.kubernetes.io/part-of"]
	default:
		if owner := metav1.GetControllerOfNoCopy(live); owner != nil && len(own.Metadata.OwnerReferences) == 0 {
			tool = owner.Kind + " " + owner.Name
		}
	}
	if tool == "" {
		return nil
	}
	return fmt.Errorf("%w, %s: take it out there, or annotate it here with %s: \"true\"", ErrForeign, tool, api.AdoptAnnotation)
}
