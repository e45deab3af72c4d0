"""The microservice chassis: what every service needs and nothing about tickets."""
