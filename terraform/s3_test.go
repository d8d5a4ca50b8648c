package terraform

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// s3 is as much of Amazon S3 as Terraform's backend asks for: objects that come,
// go and are made only if they are not there, which is the lock. Terraform talks
// to it as to a proxy, so that the config needs no word about it.
type s3 struct {
	mu      sync.Mutex
	objects map[string][]byte
}

// serveS3 serves it until the test ends, and returns the environment that leads there.
func serveS3(t *testing.T) (*s3, map[string]string) {
	t.Helper()
	s := &s3{objects: map[string][]byte{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, map[string]string{
		"AWS_ENDPOINT_URL_S3": "http://s3.test", "AWS_ENDPOINT_URL_STS": "http://sts.test",
		"HTTP_PROXY": server.URL, "http_proxy": server.URL, "NO_PROXY": "", "no_proxy": "",
		"AWS_ACCESS_KEY_ID": "of-a-test", "AWS_SECRET_ACCESS_KEY": "of-a-test", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	}
}

// keys lists what is there as bucket/key.
func (s *s3) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for key := range s.objects {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

func (s *s3) put(key, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = []byte(text)
}

func (s *s3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bucket, ok := strings.CutSuffix(r.Host, ".s3.test")
	key := bucket + r.URL.Path
	old, there := s.objects[key]
	switch {
	case r.Host == "sts.test":
		fmt.Fprint(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
			<Arn>arn:aws:iam::123456789012:user/test</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
			</GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case !ok:
		http.Error(w, "no such host", http.StatusBadGateway)
	case r.URL.Query().Has("list-type"), r.URL.Path == "/" && r.Method == http.MethodGet:
		fmt.Fprintf(w, `<ListBucketResult><Name>%s</Name><IsTruncated>false</IsTruncated></ListBucketResult>`, bucket)
	case r.Method == http.MethodPut && there && r.Header.Get("If-None-Match") == "*":
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, `<Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message></Error>`)
	case r.Method == http.MethodPut:
		data, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.objects[key] = data
		w.Header().Set("ETag", `"0"`)
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		w.WriteHeader(http.StatusNotFound)
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>`)
		}
	default:
		w.Header().Set("Content-Length", fmt.Sprint(len(old)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(old)
		}
	}
}
