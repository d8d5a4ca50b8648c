package terraform

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestCredentialsAreLookedForWhereTheProvidersLook(t *testing.T) {
	for name, c := range map[string]struct {
		platform, vendor string
		env              map[string]string
		files, programs  []string
		want             string
	}{
		"nothing for AWS":                    {platform: "aws", want: "no credentials for AWS"},
		"a key in the environment":           {platform: "aws", env: map[string]string{"AWS_ACCESS_KEY_ID": "A"}},
		"a profile":                          {platform: "aws", env: map[string]string{"AWS_PROFILE": "me"}},
		"a role in a pod":                    {platform: "aws", env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}},
		"the file of aws configure":          {platform: "aws", files: []string{"/Users/me/.aws/credentials"}},
		"the file of aws sso login":          {platform: "aws", files: []string{"/Users/me/.aws/config"}},
		"a file elsewhere that is not there": {platform: "aws", env: map[string]string{"AWS_CONFIG_FILE": "/x"}, want: "no credentials"},
		"an instance of EC2":                 {platform: "aws", vendor: "Amazon EC2"},
		"an instance of another cloud":       {platform: "aws", vendor: "Google", want: "no credentials for AWS"},

		"nothing for Google":              {platform: "gce", want: "no credentials for Google Cloud"},
		"a key file":                      {platform: "gce", env: map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": "/k.json"}, files: []string{"/k.json"}},
		"a key file that is not there":    {platform: "gce", env: map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": "/k.json"}, want: "names the file /k.json"},
		"gcloud auth application-default": {platform: "gce", files: []string{"/Users/me/.config/gcloud/application_default_credentials.json"}},
		"its directory elsewhere":         {platform: "gce", env: map[string]string{"CLOUDSDK_CONFIG": "/g"}, files: []string{"/g/application_default_credentials.json"}},
		"an access token":                 {platform: "gce", env: map[string]string{"GOOGLE_OAUTH_ACCESS_TOKEN": "t"}},
		"an instance of Google":           {platform: "gce", vendor: "Google"},

		"no subscription":     {platform: "azure", env: map[string]string{"ARM_CLIENT_SECRET": "s"}, want: "which subscription"},
		"nothing for Azure":   {platform: "azure", env: map[string]string{"ARM_SUBSCRIPTION_ID": "1"}, want: "no credentials for Azure"},
		"a service principal": {platform: "azure", env: map[string]string{"ARM_SUBSCRIPTION_ID": "1", "ARM_CLIENT_SECRET": "s"}},
		"a managed identity":  {platform: "azure", env: map[string]string{"ARM_SUBSCRIPTION_ID": "1", "ARM_USE_MSI": "true"}},
		"az login":            {platform: "azure", env: map[string]string{"ARM_SUBSCRIPTION_ID": "1"}, files: []string{"/Users/me/.azure/azureProfile.json"}, programs: []string{"az"}},
		"az login without az": {platform: "azure", env: map[string]string{"ARM_SUBSCRIPTION_ID": "1"}, files: []string{"/Users/me/.azure/azureProfile.json"}, want: "is not on the PATH"},

		"this computer needs none": {platform: "local"},
	} {
		t.Run(name, func(t *testing.T) {
			err := surroundings{
				home: "/Users/me", vendor: c.vendor,
				env:  func(name string) string { return c.env[name] },
				has:  func(path string) bool { return slices.Contains(c.files, filepath.ToSlash(path)) },
				look: func(name string) bool { return slices.Contains(c.programs, name) },
			}.credentials(c.platform)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || ui.HintOf(err) == "") {
				t.Errorf("got %v with hint %q, want %q", err, ui.HintOf(err), c.want)
			}
			for _, secret := range slices.Collect(maps.Values(c.env)) {
				if len(secret) > 1 && err != nil && strings.Contains(err.Error(), secret) && secret != "/k.json" {
					t.Errorf("%v repeats what the environment holds", err)
				}
			}
		})
	}
}
