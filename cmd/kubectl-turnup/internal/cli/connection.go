package cli

import (
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
)

// connectionFlags are kubectl's flags for verbs that talk to a cluster which is
// there. Basic authentication, which Kubernetes has not had since 1.19, and a
// namespace, which our objects have of their own, are left out.
type connectionFlags struct {
	cluster.Connection
	others *pflag.FlagSet
}

func (f *connectionFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.Context, "context", "", "`CONTEXT` of a kubeconfig: any cluster")
	flags.StringVar(&f.Kubeconfig, "kubeconfig", "", "Kubeconfig `FILE` (default: as kubectl chooses it)")
	names := clientcmd.RecommendedConfigOverrideFlags("")
	names.CurrentContext, names.ContextOverrideFlags.Namespace = clientcmd.FlagInfo{}, clientcmd.FlagInfo{}
	names.AuthOverrideFlags.Username, names.AuthOverrideFlags.Password = clientcmd.FlagInfo{}, clientcmd.FlagInfo{}
	names.ClusterOverrideFlags.APIServer.ShortName = "s"
	for flag, usage := range map[*clientcmd.FlagInfo]string{
		&names.AuthOverrideFlags.ClientCertificate:        "Client certificate `FILE` for TLS",
		&names.AuthOverrideFlags.ClientKey:                "Client key `FILE` for TLS",
		&names.AuthOverrideFlags.Token:                    "Bearer `TOKEN` for the API server",
		&names.AuthOverrideFlags.Impersonate:              "`USER` to act as",
		&names.AuthOverrideFlags.ImpersonateUID:           "`UID` to act as",
		&names.AuthOverrideFlags.ImpersonateGroups:        "`GROUP` to act as a member of; repeatable",
		&names.ClusterOverrideFlags.APIServer:             "`ADDRESS` of the API server",
		&names.ClusterOverrideFlags.CertificateAuthority:  "Certificate `FILE` of the API server's authority",
		&names.ClusterOverrideFlags.InsecureSkipTLSVerify: "Do not check the API server's certificate",
		&names.ClusterOverrideFlags.TLSServerName:         "`NAME` to check the API server's certificate for (default: its host)",
		&names.ClusterOverrideFlags.ProxyURL:              "`URL` of a proxy on the way to the API server",
		&names.ClusterOverrideFlags.DisableCompression:    "Have no answers compressed",
		&names.ContextOverrideFlags.ClusterName:           "`CLUSTER` of the kubeconfig",
		&names.ContextOverrideFlags.AuthInfoName:          "`USER` of the kubeconfig",
		&names.Timeout:                                    "Longest `TIME` of one request, 30s for instance (default 15s)",
	} {
		flag.Description = usage
	}
	names.Timeout.Default = ""
	f.others = pflag.NewFlagSet("connection", pflag.ContinueOnError)
	clientcmd.BindOverrideFlags(&f.Overrides, f.others, names)
	flags.AddFlagSet(f.others)
}

// connection is what the user has given.
func (f *connectionFlags) connection() cluster.Connection {
	c := f.Connection
	f.others.VisitAll(func(flag *pflag.Flag) {
		if !flag.Changed {
			return
		}
		values := []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			c.Words = append(c.Words, "--"+flag.Name+"="+value)
		}
		if flag.Name == clientcmd.FlagBearerToken {
			c.Secret = "--" + flag.Name
		}
	})
	return c
}
