package terraform

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// Credentials looks whether there may be credentials for the platform's cloud,
// so that nobody waits for Terraform to find out that there are none. It reads
// none of them: whether they are good is for Terraform's plan to say.
func Credentials(platform string) error {
	home, _ := os.UserHomeDir() // none is where no files are
	return surroundings{
		home: home, env: os.Getenv,
		has:    func(path string) bool { _, err := os.Stat(path); return err == nil },
		vendor: vendor(),
		look:   func(name string) bool { _, err := exec.LookPath(name); return err == nil },
	}.credentials(platform)
}

// surroundings are what of this computer tells of credentials.
type surroundings struct {
	home string
	env  func(string) string
	// has says whether a file is there.
	has func(path string) bool
	// vendor is who made this machine, if it is one of a cloud: those have an
	// identity of their own.
	vendor string
	// look says whether a program is on the PATH.
	look func(name string) bool
}

func (s surroundings) credentials(platform string) error {
	switch platform {
	case "aws":
		return s.aws()
	case "gce":
		return s.google()
	case "azure":
		return s.azure()
	}
	return nil
}

// anyOf says whether one of these variables is set.
func (s surroundings) anyOf(names ...string) bool {
	for _, name := range names {
		if s.env(name) != "" {
			return true
		}
	}
	return false
}

// file says whether the file is there that a variable names, or else one below home.
func (s surroundings) file(variable string, below ...string) bool {
	if path := s.env(variable); path != "" {
		return s.has(path)
	}
	return s.home != "" && s.has(filepath.Join(append([]string{s.home}, below...)...))
}

func (s surroundings) aws() error {
	switch {
	case s.anyOf("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		s.file("AWS_SHARED_CREDENTIALS_FILE", ".aws", "credentials"), s.file("AWS_CONFIG_FILE", ".aws", "config"),
		strings.HasPrefix(s.vendor, "Amazon"):
		return nil
	}
	return ui.Hint(errors.New("there are no credentials for AWS on this computer"), loginAWS)
}

func (s surroundings) google() error {
	const key = "GOOGLE_APPLICATION_CREDENTIALS"
	if path := s.env(key); path != "" && !s.has(path) {
		return ui.Hint(fmt.Errorf("%s names the file %s, and it is not there", key, path), loginGoogle)
	}
	gcloud := []string{".config", "gcloud"}
	if runtime.GOOS == "windows" {
		gcloud = []string{"AppData", "Roaming", "gcloud"}
	}
	if dir := s.env("CLOUDSDK_CONFIG"); dir != "" && s.has(filepath.Join(dir, "application_default_credentials.json")) {
		return nil
	}
	switch {
	case s.anyOf(key, "GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON", "GOOGLE_OAUTH_ACCESS_TOKEN"),
		s.file("", append(gcloud, "application_default_credentials.json")...),
		strings.HasPrefix(s.vendor, "Google"):
		return nil
	}
	return ui.Hint(errors.New("there are no credentials for Google Cloud on this computer"), loginGoogle)
}

func (s surroundings) azure() error {
	if !s.anyOf("ARM_SUBSCRIPTION_ID") {
		return ui.Hint(errors.New("the environment does not say which subscription of Azure to use"),
			"set ARM_SUBSCRIPTION_ID: `az account show --query id --output tsv` prints the one you are logged in to")
	}
	profile := s.file("", ".azure", "azureProfile.json")
	if dir := s.env("AZURE_CONFIG_DIR"); dir != "" {
		profile = s.has(filepath.Join(dir, "azureProfile.json"))
	}
	switch {
	case s.anyOf("ARM_CLIENT_SECRET", "ARM_CLIENT_SECRET_FILE_PATH", "ARM_CLIENT_CERTIFICATE", "ARM_CLIENT_CERTIFICATE_PATH",
		"ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH", "ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
		"ARM_USE_MSI", "ARM_USE_AKS_WORKLOAD_IDENTITY"):
		return nil
	case profile && s.look("az"):
		return nil
	case profile:
		return ui.Hint(errors.New("somebody is logged in to Azure by its command line, but `az`, which Terraform asks, is not on the PATH"), loginAzure)
	}
	return ui.Hint(errors.New("there are no credentials for Azure on this computer"), loginAzure)
}

// vendor is what the firmware says of who made this machine; "" where it says
// nothing, or is not Linux.
func vendor() string {
	data, err := os.ReadFile("/sys/class/dmi/id/sys_vendor")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
