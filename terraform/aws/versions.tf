terraform {
  required_version = ">= 1.6"

  required_providers {
    # 6.47 is the release whose schema the tests have.
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.47"
    }
  }
}

# Credentials are those of the AWS CLI: the environment, ~/.aws, or SSO.
provider "aws" {
  region = var.region

  # On everything that has tags. What a tag of another name means is said there.
  default_tags {
    tags = { "turnup.dev/cluster" = var.cluster_name }
  }
}
