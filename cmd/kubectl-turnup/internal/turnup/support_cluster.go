package turnup

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/redact"
)

// cluster adds what the API server knows, but for Secrets and ConfigMaps: the ones
// are secret, the others people's.
func (s *supporter) cluster(ctx context.Context) error {
	to, err := s.turnup.connect()
	if err != nil {
		s.lacks("cluster", err)
		return nil
	}
	core := schema.GroupVersion{Version: "v1"}
	apps := schema.GroupVersion{Group: "apps", Version: "v1"}
	for name, kind := range map[string]schema.GroupVersionResource{
		"nodes": core.WithResource("nodes"), "pods": core.WithResource("pods"), "events": core.WithResource("events"),
		"services": core.WithResource("services"), "daemonsets": apps.WithResource("daemonsets"), "deployments": apps.WithResource("deployments"),
		"certificatesigningrequests": {Group: "certificates.k8s.io", Version: "v1", Resource: "certificatesigningrequests"},
		"addons":                     api.Addons(), "addonsources": api.Sources(),
	} {
		err := s.part(ctx, "cluster/"+name+".yaml", func(ctx context.Context) ([]byte, error) {
			list, err := to.Dynamic.Resource(kind).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			return plainObjects(list.Items)
		})
		if err != nil {
			return err
		}
	}
	return s.part(ctx, "cluster/addon-manager.log", func(ctx context.Context) ([]byte, error) { return managerLog(ctx, to) })
}

// plainObjects writes objects as YAML, without what nobody reads, and without the
// values of environment variables, which may be secrets.
func plainObjects(list []unstructured.Unstructured) ([]byte, error) {
	var out []byte
	for _, o := range list {
		o.SetManagedFields(nil)
		annotations := o.GetAnnotations()
		delete(annotations, corev1.LastAppliedConfigAnnotation)
		o.SetAnnotations(annotations)
		hideEnvironment(o.Object)
		data, err := yaml.Marshal(o.Object)
		if err != nil {
			return nil, err
		}
		out = fmt.Appendf(out, "---\n%s", data)
	}
	return out, nil
}

// hideEnvironment hides the values of every env list below.
func hideEnvironment(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			if variables, ok := below.([]any); ok && key == "env" {
				for _, variable := range variables {
					if one, ok := variable.(map[string]any); ok && one["value"] != nil {
						one["value"] = redact.Mark
					}
				}
				continue
			}
			hideEnvironment(below)
		}
	case []any:
		for _, below := range v {
			hideEnvironment(below)
		}
	}
}

// managerLog is the end of what the addon managers have said.
func managerLog(ctx context.Context, to *cluster.Access) ([]byte, error) {
	pods, err := to.Typed.CoreV1().Pods(object.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var out []byte
	var errs []error
	lines := int64(1000)
	for _, pod := range pods.Items {
		log, err := to.Typed.CoreV1().Pods(object.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{TailLines: &lines}).DoRaw(ctx)
		out = append(fmt.Appendf(out, "# %s\n", pod.Name), log...)
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}
