package bootstrap

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/serverside"
)

// tokenSecret is the name of the Secret that makes the API server take a token.
func tokenSecret(id string) string { return "bootstrap-token-" + id }

// AddToken lets workers join with a token. Those that are there stay valid.
func (c *Cluster) AddToken(ctx context.Context, token pki.Token) error {
	list, err := clusterObjects(c.name, &pki.PKI{Token: token}, machines.File{})
	if err != nil {
		return err
	}
	for _, object := range list {
		if object.GetName() != tokenSecret(token.ID) {
			continue
		}
		if err := serverside.Apply(ctx, c.dyn, object, objectsBudget, nil); err != nil {
			return fmt.Errorf("install %s: %w", serverside.Title(object), err)
		}
	}
	return nil
}

// TokenInfo is what can be said of a token without its secret.
type TokenInfo struct {
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
}

// Tokens lists the tokens that the API server takes, the one that lasts longest first.
func Tokens(ctx context.Context, client kubernetes.Interface) ([]TokenInfo, error) {
	secrets, err := client.CoreV1().Secrets(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{
		FieldSelector: "type=" + string(corev1.SecretTypeBootstrapToken),
	})
	if err != nil {
		return nil, fmt.Errorf("list bootstrap tokens: %w", err)
	}
	list := []TokenInfo{}
	for _, s := range secrets.Items {
		// One without an end, which somebody else has made, has the zero time.
		expires, _ := time.Parse(time.RFC3339, string(s.Data["expiration"]))
		list = append(list, TokenInfo{ID: string(s.Data["token-id"]), Expires: expires})
	}
	slices.SortFunc(list, func(a, b TokenInfo) int { return cmp.Or(b.Expires.Compare(a.Expires), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// RevokeToken ends a token's validity now; one that is gone is no error.
func RevokeToken(ctx context.Context, client kubernetes.Interface, id string) error {
	err := client.CoreV1().Secrets(metav1.NamespaceSystem).Delete(ctx, tokenSecret(id), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("revoke bootstrap token %s: %w", id, err)
	}
	return nil
}
