package bootstrap

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestTokensAreListedWithoutTheirSecretsAndRevoked(t *testing.T) {
	ctx := context.Background()
	secret := func(id, expires string) *corev1.Secret {
		return &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "bootstrap-token-" + id, Namespace: "kube-system"}, Type: corev1.SecretTypeBootstrapToken,
			Data: map[string][]byte{"token-id": []byte(id), "token-secret": []byte("0123456789abcdef"), "expiration": []byte(expires)},
		}
	}
	client := fake.NewClientset(secret("first1", "2026-01-01T00:00:00Z"), secret("second", "2026-01-02T00:00:00Z"))
	list, err := Tokens(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	if diff := cmp.Diff([]TokenInfo{{"second", day(2)}, {"first1", day(1)}}, list); diff != "" {
		t.Error(diff)
	}
	for range 2 { // the second time it is gone already
		if err := RevokeToken(ctx, client, "second"); err != nil {
			t.Fatal(err)
		}
	}
	if list, err = Tokens(ctx, client); err != nil || len(list) != 1 {
		t.Errorf("after the revocation: %v, %v", list, err)
	}
}
