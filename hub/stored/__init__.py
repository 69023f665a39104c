"""The id of a document -> the document: those that an operator stores, and those that clients have sent before.

Takes a manifest file and a store that replicas share; gives for a request the same request with its document, or
`Refused`. What a document may read is decided afterwards, for whoever asks, as if he had sent it himself.

manifest   a manifest file -> `Manifest`
documents  Request x Viewer -> Request with its document
"""

from hub.stored.documents import StoredDocuments, Storing
from hub.stored.manifest import Manifest, StoredDocument, document_hash, read_manifest

__all__ = ["Manifest", "StoredDocument", "StoredDocuments", "Storing", "document_hash", "read_manifest"]
