CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE "{{service}}_owner";
ALTER ROLE "{{name}}" SET role = "{{service}}_owner";
